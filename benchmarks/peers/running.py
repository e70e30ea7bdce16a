"""The peers, each in a virtual environment and a database of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import installation

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LARGEST_SAMPLE = 2_000  # rows that expire, in tables as large as the size says


@dataclass(frozen=True)
class Peer:
    """``expired`` counts what its expiry function would switch off, ``put_back`` switches it on again."""

    label: str
    name: str
    expired: str
    put_back: str

    @property
    def python(self) -> Path:
        return installation.FOLDER / self.name / "bin" / "python"


PEERS = (
    Peer(
        "openwisp-users 1.3.2",
        "openwisp_users",
        "SELECT count(*) FROM openwisp_users_user WHERE is_active AND expiration_date < current_date",
        "UPDATE openwisp_users_user SET is_active = true WHERE NOT is_active",
    ),
    Peer(
        "django-plans 2.8.2",
        "django_plans",
        "SELECT count(*) FROM plans_userplan WHERE active AND expire < current_date",
        "UPDATE plans_userplan SET active = true WHERE NOT active",
    ),
    Peer(
        "flexible-subscriptions 0.15.1",
        "flexible_subscriptions",
        "SELECT count(*) FROM subscriptions_usersubscription WHERE active AND date_billing_end <= now()",
        """
        INSERT INTO auth_user_groups (user_id, group_id)
        SELECT user_id, 1 FROM subscriptions_usersubscription WHERE NOT active;
        UPDATE subscriptions_usersubscription SET active = true, cancelled = false WHERE NOT active
        """,
    ),
)


class Running:
    """A peer whose tables are full."""

    def __init__(self, peer: Peer, size: int) -> None:
        self.label, self.peer = peer.label, peer
        self.sample = min(size // 20, LARGEST_SAMPLE)
        self.url = installation.make_database(peer.name)
        _run([peer.python, "-m", "django", "migrate", "--verbosity=0", "--skip-checks"], peer, self.url)
        rows = (HERE / f"{peer.name}.sql").read_text()
        self._execute(rows, {"size": size, "sample": self.sample, "every": size // self.sample})
        self._settle_down()

    def expire(self) -> dict[str, Any]:
        """One round in a process of its own; what it took there, without the start of that process."""
        assert self._count() == self.sample
        taken = _run([self.peer.python, "-m", "benchmarks.peers.expire", self.peer.name], self.peer, self.url)
        assert self._count() == 0
        self._execute(self.peer.put_back)
        self._settle_down()
        return {"rows": self.sample, **json.loads(taken)}

    def _count(self) -> int:
        return self._execute(self.peer.expired, fetches=True)

    def _settle_down(self) -> None:
        self._execute("VACUUM ANALYZE")
        self._execute("CHECKPOINT")

    def _execute(self, statement: str, parameters: dict[str, int] | None = None, *, fetches: bool = False) -> Any:
        connection = installation.connect(self.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchone()[0] if fetches else None
        finally:
            connection.close()


def running(size: int) -> list[Running]:
    """The peers that are installed, or can be now, with tables of ``size`` rows; it says which are left out."""
    found = []
    for peer in PEERS:
        try:
            _install(peer)
            found.append(Running(peer, size))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{peer.label} is left out. {error}\n{getattr(error, 'stderr', '')}", flush=True)
    return found


def _install(peer: Peer) -> None:
    requirements = HERE / f"{peer.name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = peer.python.parent.parent / "installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Installing {peer.label} for the comparison …", flush=True)
    uv = Path(sys.executable).parent / "uv"
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, stamp.parent])
    options = ["--quiet", "--require-hashes", "--python", peer.python]
    _run([uv, "pip", "install", *options, "--requirement", requirements])
    stamp.write_text(digest)


def _run(command: Sequence[object], peer: Peer | None = None, url: str = "") -> str:
    environment = {**os.environ}
    if peer:
        environment |= {"DJANGO_SETTINGS_MODULE": f"benchmarks.peers.{peer.name}", "DATABASE_URL": url}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
