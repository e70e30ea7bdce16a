"""A real scheduler, what staff ask of it on their page, and what every place says of it."""

import signal
import time
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.jobs.notes import LONG
from tests.jobs.processes import Process, end_what_they_left
from utils.background_tasks import TIMETABLE
from utils.models import Instance, JobRequest, JobRun
from utils.monitoring import status

pytestmark = pytest.mark.django_db(transaction=True)
BOOKS = next(job for job in TIMETABLE if job.id == "verify_books")


@pytest.fixture
def scheduler(tmp_path, transactional_db):
    process = Process("run_scheduler.py", SCHEDULER_HEARTBEAT_FILE=str(tmp_path / "heartbeat"))
    process.wait_for("Scheduler started successfully!")
    yield process
    process.kill()
    end_what_they_left()


def await_that(what, seconds=LONG):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, (now().problems, list(JobRequest.objects.values()))
        time.sleep(0.05)


def now():
    return status.current(TIMETABLE, timezone.now())


def books():
    return next(job for job in now().jobs if job.id == BOOKS.id)


def ask(client, kind):
    client.post(reverse("ask_scheduler", args=[BOOKS.id, kind]), {"request_key": str(uuid4())})
    await_that(lambda: JobRequest.objects.latest("pk").done_at)


def test_the_leader_does_what_staff_ask_and_every_place_tells_of_it(admin_client, scheduler):
    await_that(lambda: now().leader)
    assert not now().is_stale
    assert books().state == "new"
    assert books().next_run > timezone.now()

    ask(admin_client, "run")
    run = JobRun.objects.get(job_id=BOOKS.id)
    assert (run.asked, run.result, run.instance) == (True, "succeeded", now().leader.about)
    assert (books().state, books().last_success.row) == ("on time", run.pk)
    assert run.instance in admin_client.get("/admin/scheduler/").content.decode()
    metrics = admin_client.get("/metrics").content.decode()
    assert f'isp_billing_job_runs_total{{job_id="{BOOKS.id}",result="succeeded"}} 1.0' in metrics
    assert f'isp_billing_job_rows_total{{job_id="{BOOKS.id}"}} {float(run.rows or 0)}' in metrics
    assert "isp_billing_scheduler_leader 1.0" in metrics

    ask(admin_client, "pause")
    assert (books().state, books().next_run) == ("paused", None)
    ask(admin_client, "resume")
    assert books().state == "on time"
    await_that(lambda: books().next_run)
    assert admin_client.get("/healthz").json()["scheduler"] == "ok"


def test_a_clean_stop_is_followed_within_a_minute_and_no_alarm(client, scheduler):
    await_that(lambda: now().leader)
    scheduler.signal(signal.SIGTERM)
    assert scheduler.end() == 0
    assert [one.role for one in Instance.objects.all()] == ["stopped"]
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["scheduler"]) == (200, "starting")
    follower = Process("run_scheduler.py", SCHEDULER_HEARTBEAT_FILE="/dev/null")
    try:
        await_that(lambda: now().leader)
        assert [one.role for one in Instance.objects.all()] == ["leader"]
    finally:
        follower.kill()
