"""A running copy of the compose stack, made from the files of this checkout."""

import json
import shlex
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from tests.e2e.engine.terminal import Terminal

REPOSITORY = Path(__file__).resolve().parents[3]
LONG_RUNNING = ("db", "web", "scheduler")
ONE_SHOT = ("secrets", "migrate")
COMMAND_SECONDS = 120
BUILD_SECONDS = 600

T = TypeVar("T")


def copy_checkout(target: Path) -> None:
    """Copy what a commit of the working tree would hold: no ignored file, no ``.env``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source = REPOSITORY / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def poll(question: Callable[[], T], *, seconds: float, what: str) -> T:
    """Ask until the answer is true, for ``seconds`` at most, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.5)
    return answer


class Stack:
    """docker-compose in one folder, under one project name, with one web port."""

    def __init__(self, folder: Path, environment: dict[str, str], *, port: int, transcript: Path) -> None:
        self.folder = folder
        self.environment = environment
        self.port = port
        self.terminal = Terminal(folder, environment, transcript)

    def compose(self, *arguments: str, check: bool = True, seconds: float = COMMAND_SECONDS) -> str:
        """Run docker-compose out of sight and return what it prints."""
        return self._run("docker-compose", *arguments, check=check, seconds=seconds)

    def _run(self, *command: str, check: bool = True, seconds: float = COMMAND_SECONDS) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{shlex.join(command)} failed:\n{done.stdout[-4000:]}"
        return done.stdout

    def python(self, code: str) -> str:
        """Run ``code`` in the web container's ``manage.py shell``; its printed lines are returned."""
        return self.compose("exec", "-T", "web", "python", "manage.py", "shell", "--verbosity=0", "-c", code).strip()

    def sql(self, query: str) -> list[str]:
        """The rows of ``query``, columns separated by ``|``."""
        psql = ("psql", "-U", "postgres", "-d", "django_db", "-Atc", query)
        return self._run("docker", "exec", self.ids("db")[0], *psql).splitlines()

    def docker(self, *arguments: str, check: bool = True) -> str:
        """Run docker out of sight and return what it prints."""
        return self._run("docker", *arguments, check=check)

    def ids(self, service: str) -> list[str]:
        """The ids of a service's containers, running or not."""
        labels = {"project": self.environment["COMPOSE_PROJECT_NAME"], "service": service, "oneoff": "False"}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return self._run("docker", "ps", "--all", "--quiet", *filters).split()

    def containers(self, service: str) -> list[dict]:
        ids = self.ids(service)
        return json.loads(self._run("docker", "inspect", *ids)) if ids else []

    def health(self, service: str) -> set[str]:
        return {container["State"]["Health"]["Status"] for container in self.containers(service)}

    def wait_until_healthy(self, *, seconds: float = 120) -> None:
        for service in LONG_RUNNING:
            poll(lambda name=service: self.health(name) == {"healthy"}, seconds=seconds, what=f"{service} healthy")

    def exit_codes(self, *services: str) -> dict[str, int]:
        return {name: self.containers(name)[0]["State"]["ExitCode"] for name in services}

    def log(self, service: str) -> list[tuple[datetime, str]]:
        """The lines a service printed, each with its time."""
        lines = []
        for container in self.containers(service):
            text = self._run("docker", "logs", "--timestamps", container["Id"])
            for line in text.splitlines():
                stamp, _, message = line.partition(" ")
                lines.append((datetime.fromisoformat(f"{stamp[:19]}+00:00"), message))
        return sorted(lines, key=lambda line: line[0])

    def get(self, path: str, *, port: int | None = None) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
