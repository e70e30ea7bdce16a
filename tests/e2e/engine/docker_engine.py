"""Find a Docker engine or start one of our own, and stop that one again."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 60
LOCK = Path("/run/lock/isp-billing-e2e-engine.lock")
NEEDED = ("docker", "docker-compose")
HOW_TO_GET = "run `make setup-test-host`"

Say = Callable[[str], None]


class EngineUnavailable(Exception):
    """No container engine can be had here; the text says why and what to do."""


@contextmanager
def running_engine(folder: Path, say: Say) -> Iterator[dict[str, str]]:
    """Yield the environment in which ``docker`` and ``docker-compose`` reach an engine.

    An engine that is already reachable is used. Otherwise one is started with all of its data under
    ``folder``, and stopped afterwards; it also ends when this process is killed.
    """
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        raise EngineUnavailable(f"{' and '.join(missing)} not found: {HOW_TO_GET}")
    if answers(dict(os.environ)):
        say("using the container engine of this machine")
        yield dict(os.environ)
        return
    if os.geteuid() != 0:
        raise EngineUnavailable("no container engine answers, and only root can start one: start Docker or run as root")
    if not shutil.which("dockerd"):
        raise EngineUnavailable(f"no container engine answers and dockerd is not installed: {HOW_TO_GET}")
    with only_one_engine(say), own_engine(folder, say) as environment:
        yield environment


def answers(environment: dict[str, str]) -> bool:
    command = ["docker", "info", "--format", "{{.ServerVersion}}"]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=30).returncode == 0


@contextmanager
def only_one_engine(say: Say) -> Iterator[None]:
    """Two engines of two checkouts would share one network bridge: the second one waits."""
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for the container test of another checkout to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def own_engine(folder: Path, say: Say) -> Iterator[dict[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    # Sockets have short names only, so they live in a folder of their own, not in the checkout.
    state = Path(tempfile.mkdtemp(prefix="isp-e2e-", dir="/run"))
    environment = {**os.environ, "DOCKER_HOST": f"unix://{state}/docker.sock"}
    log_file = folder / "dockerd.log"
    with log_file.open("w") as log:
        daemon = subprocess.Popen(daemon_command(folder, state), stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until_up(daemon, environment, log_file)
        say(f"started a container engine of our own (data in {folder})")
        yield environment
    finally:
        daemon.terminate()
        daemon.wait(timeout=STOP_SECONDS)
        shutil.rmtree(state, ignore_errors=True)
        say("stopped the container engine")


def daemon_command(folder: Path, state: Path) -> list[str]:
    return [
        *("setpriv", "--pdeathsig", "TERM", "dockerd"),
        f"--data-root={folder}/data",
        f"--exec-root={state}/exec",
        f"--pidfile={state}/docker.pid",
        f"--host=unix://{state}/docker.sock",
    ]


def wait_until_up(daemon: subprocess.Popen[bytes], environment: dict[str, str], log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(environment):
        if daemon.poll() is not None or time.monotonic() > deadline:
            last_lines = "\n".join(log_file.read_text().splitlines()[-5:])
            raise EngineUnavailable(f"dockerd does not start; its last lines in {log_file}:\n{last_lines}")
        time.sleep(0.2)
