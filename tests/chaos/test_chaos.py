"""A minute of chaos; ``make chaos`` takes ten."""

import subprocess
import sys

import pytest

from tests.database_places import ROOT


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_after_a_minute_of_chaos_everything_is_right():
    command = [sys.executable, "-m", "tests.chaos", "--seconds", "60"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
