"""Run the demo: database, tables, a made-up provider, then the web and the scheduler until Ctrl-C.

All it makes is in ``var`` of the checkout. DATABASE_URL, when set, is used instead of the
embedded PostgreSQL; an embedded one that was running before is left running.
"""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":  # until main() takes it over, Ctrl-C ends this without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import io
import multiprocessing
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from types import FrameType

from honcho.environ import parse_procfile
from honcho.manager import Manager

from billing.demo import ADMIN, ADMIN_PASSWORD, password_of
from scripts.demo_data import DATA, ROOT, mark_as_demo, only_one_demo, uses_database_of_its_own
from scripts.steps import Failed, step
from utils.database import DatabaseUnavailable, ensure_running, running, stop
from utils.database_folder import poll

READY_SECONDS = 60
STOPPED_BY_SIGNAL = (130, 143)


class Stopped(BaseException):
    """Ctrl-C, or a signal that asks us to end."""


class Processes(Manager):  # type: ignore[misc]
    """Honcho's processes, which can be told to end as soon as they begin."""

    def terminate(self) -> None:
        if self._all_started():
            super().terminate()
        else:
            signal.signal(signal.SIGALRM, lambda *_: self.terminate())
            signal.setitimer(signal.ITIMER_REAL, 0.1)


def main() -> int:
    """Exit code 0 after Ctrl-C or SIGTERM, 1 when something cannot work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--customers", default="200")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with only_one_demo(), _database() as place:
            _prepare(options.customers)
            return _serve(options.port, place)
    except Stopped:
        print("\nStopped.")
        return 0
    except (Failed, DatabaseUnavailable) as error:
        print(error, file=sys.stderr)
        return 1


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def _database() -> Iterator[str]:
    """A running database; the embedded one is stopped afterwards if we started it. Yields where it is."""
    if not uses_database_of_its_own():
        yield "in the database of DATABASE_URL"
        return
    was_running, is_new = running(DATA) is not None, not DATA.exists()
    try:
        with step("2/5 Starting PostgreSQL"), redirect_stderr(io.StringIO()):
            ensure_running(DATA)
        if is_new:
            mark_as_demo()
        yield f"{DATA} (start anew with: make demo-reset)"
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if not was_running and stop(DATA):
            print("PostgreSQL stopped. The data are kept: make demo starts again.", flush=True)


def _prepare(customers: str) -> None:
    os.environ |= _environment()
    with step("3/5 Preparing the tables"):
        _manage("migrate", "--verbosity=0")
    with step("4/5 Loading the demo data", has_lines=True):
        _manage("load_demo", f"--customers={customers}")
    mark_as_demo()
    with step("5/5 Collecting the static files"):
        _manage("collectstatic", "--noinput", "--verbosity=0")


def _environment() -> dict[str, str]:
    return {
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "isp_billing.settings",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }


def _manage(*arguments: str) -> None:
    """Run manage.py out of reach of Ctrl-C, which would make it print a traceback; we end it ourselves."""
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, start_new_session=True)
    try:
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code:
        raise Failed("The demo does not start, for the reason above.")


def _serve(port: int, place: str) -> int:
    """Run the processes of the Procfile until one ends or we are told to stop."""
    processes = Processes()
    environment = {**os.environ, "WEB_BIND": f"127.0.0.1:{port}"}
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        processes.add_process(name, command, env=environment, cwd=str(ROOT))
    announcer = multiprocessing.Process(target=_announce, args=(port, place), daemon=True)
    announcer.start()
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    processes.loop()
    announcer.terminate()
    if processes.returncode in STOPPED_BY_SIGNAL:
        return 0
    print("One of the processes ended by itself, so all were stopped; its last lines above tell why.", file=sys.stderr)
    return 1


def _announce(port: int, place: str) -> None:
    """Wait until the web answers, then show where it is; in a process of its own beside the logs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    address = f"http://127.0.0.1:{port}/"
    if not poll(lambda: _answers(f"{address}readyz"), until=time.monotonic() + READY_SECONDS):
        return
    line = "─" * 78
    print(
        f"{line}\n"
        f"  The demo runs at   {address}\n"
        f"  Sign in as         {ADMIN}, password {ADMIN_PASSWORD}\n"
        f"  or as a role       cashier, password {password_of('cashier')}; see docs/roles.md\n"
        f"  Data               {place}\n"
        f"  Stop               Ctrl-C\n"
        f"{line}",
        flush=True,
    )


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  (our own address)  # nosec B310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
