import pytest

from tests.jobs.processes import Process


@pytest.fixture
def start(tmp_path):
    """Start schedulers (or another program) that are gone when the test ends."""
    started = []

    def start_one(*command, **environment):
        heartbeat = str(tmp_path / f"heartbeat-{len(started)}")
        process = Process(*(command or ("run_scheduler.py",)), SCHEDULER_HEARTBEAT_FILE=heartbeat, **environment)
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
