"""A part that cannot run says why on the last lines; where everything must run, it fails."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDS_DOCKER = "tests/e2e/test_compose.py::test_one_command_brings_up_a_fresh_clone_without_any_settings"
REASON = "docker and docker-compose not found: run `make setup-test-host`"
# No programs, no database, and lines that are not cut to the width of a terminal.
NOTHING_HERE = {"PATH": "/nonexistent", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "CI": "true"}


def end_of_the_run(require_all):
    command = [sys.executable, "-m", "pytest", NEEDS_DOCKER]
    environment = {**os.environ, **NOTHING_HERE, "REQUIRE_ALL": require_all}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, " ".join(ended.stdout.splitlines()[-2:])


def test_a_skipped_part_tells_its_reason_on_the_last_lines():
    code, lines = end_of_the_run(require_all="")
    assert (code, "1 skipped" in lines, REASON in lines) == (0, True, True)


def test_a_part_that_cannot_run_fails_where_everything_must():
    code, lines = end_of_the_run(require_all="1")
    assert (code, "1 error" in lines, REASON in lines) == (1, True, True)
