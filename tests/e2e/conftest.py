"""The compose stack: started once for all tests that ask for it, thrown away afterwards."""

import socket
import subprocess
import time
import uuid

import pytest

from tests.e2e.engine.base_images import base_images
from tests.e2e.engine.docker_engine import EngineUnavailable, running_engine
from tests.e2e.engine.stack import REPOSITORY, Stack, copy_checkout

FOLDER = REPOSITORY / "var" / "e2e"
TRANSCRIPT = FOLDER / "compose-transcript.txt"
# All that the stack sees of this shell: no setting of the application comes from here.
PASSED_ON = ("PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT")


@pytest.fixture(scope="session")
def say(request):
    """Print a line of progress at once, with the seconds since the start, past pytest's capturing."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    started = time.monotonic()

    def print_line(text):
        with capture.global_and_fixture_disabled():
            print(f"\n  [{time.monotonic() - started:4.0f} s] {text}", end="", flush=True)

    return print_line


@pytest.fixture(scope="session")
def engine(say):
    """The environment in which a container engine with the base images is reached."""
    try:
        with running_engine(FOLDER / "docker", say) as environment, base_images(environment, FOLDER, say):
            yield environment
    except EngineUnavailable as reason:
        pytest.skip(f"the compose stack cannot be tested here: {reason}")


@pytest.fixture(scope="module")
def stack(engine, say, tmp_path_factory):
    """A fresh clone of the working tree for a module of tests; nothing runs yet. It is removed in the end."""
    folder = tmp_path_factory.mktemp("clone") / "isp-billing"
    copy_checkout(folder)
    assert not (folder / ".env").exists()
    port = first_of_three_free_ports()
    environment = {name: engine[name] for name in PASSED_ON if name in engine}
    project = f"isp{uuid.uuid4().hex[:8]}"
    environment |= {"COMPOSE_PROJECT_NAME": project, "WEB_PORT": str(port), "APP_VERSION": project}
    running = Stack(folder, environment, port=port, transcript=TRANSCRIPT)
    yield running
    say("removing the stack")
    running.compose("--profile", "radius", "--profile", "network", "down", "--volumes", "--timeout", "5", check=False)
    subprocess.run(["docker", "rmi", f"isp-billing:{project}"], env=environment, capture_output=True, check=False)


def first_of_three_free_ports() -> int:
    for first in range(18000, 30000, 3):
        if all(is_free(first + offset) for offset in range(3)):
            return first
    raise RuntimeError("no three free ports in a row")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
