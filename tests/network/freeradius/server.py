"""FreeRADIUS itself, with the folder that is shipped, as an ordinary user where that can be."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "freeradius"
LIBRARY = Path("/usr/lib/freeradius/rlm_sql_postgresql.so")
PATH = f"{os.environ['PATH']}:/usr/sbin"
SECONDS = 60
NOBODY = 65534


def require() -> None:
    if not shutil.which("freeradius", path=PATH) or not LIBRARY.exists() or not shutil.which("radclient"):
        pytest.skip("needs freeradius with PostgreSQL: `make setup-test-host` installs it")


class FreeRadius:
    """One server on free ports. ``log`` is all that it ever said."""

    def __init__(self, folder: Path, *, database: dict[str, str], key: str, **environment: str) -> None:
        self.auth_port, self.acct_port, self.status_port = _free_ports(3)
        folder.chmod(0o777)
        self.run = folder / "run"
        self.output = folder / "output"
        self.environment = {
            "PATH": PATH,
            "NETWORK_KEY": key,
            "RADIUS_DATABASE_HOST": database["host"],
            "RADIUS_DATABASE_PORT": str(database["port"]),
            "RADIUS_DATABASE_NAME": database["name"],
            "RADIUS_DATABASE_USER": database["user"],
            "RADIUS_DATABASE_PASSWORD": database["password"],
            "RADIUS_ADDRESS": "127.0.0.1",
            "RADIUS_AUTH_PORT": str(self.auth_port),
            "RADIUS_ACCT_PORT": str(self.acct_port),
            "RADIUS_STATUS_PORT": str(self.status_port),
            "RADIUS_ROUTER_SECONDS": "1",
            "RADIUS_REJECT_DELAY": "0",
            "RADIUS_RUN": str(self.run),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [FOLDER / "run.sh", *arguments], env=self.environment, stdout=output, stderr=output, **_ordinary_user()
            )
        deadline = time.monotonic() + SECONDS
        while "Ready to process requests" not in self.log:
            assert self.process.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def check(self) -> subprocess.CompletedProcess[str]:
        """What FreeRADIUS says of the configuration."""
        return subprocess.run(
            [FOLDER / "run.sh", "-XC"], env=self.environment, capture_output=True, text=True, check=False,
            **_ordinary_user(),
        )  # fmt: skip

    def is_healthy(self) -> bool:
        return subprocess.run([FOLDER / "health.sh"], env=self.environment, check=False).returncode == 0

    @property
    def log(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(SECONDS)


def _ordinary_user() -> dict[str, int]:
    return {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}


def _free_ports(how_many: int) -> list[int]:
    lines = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(how_many)]
    for line in lines:
        line.bind(("127.0.0.1", 0))
    ports = [line.getsockname()[1] for line in lines]
    for line in lines:
        line.close()
    return ports
