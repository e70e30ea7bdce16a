"""The tables of django-apscheduler are only looked at, and nothing of the web runs a job (faults F2, F36, F37)."""

import pickle
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.faces.conftest import list_url, text_of, url
from tests.jobs.processes import ROOT, database_url
from utils.models import JobRun

PAGES = ("/admin/", "/admin/scheduler/", "/healthz", "/metrics")


class Bomb:
    """Tells on whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a page unpickled a job's state",)


@pytest.fixture
def execution():
    job = DjangoJob.objects.create(
        id="check_expired_subscriptions", next_run_time=timezone.now(), job_state=pickle.dumps(Bomb())
    )
    return DjangoJobExecution.objects.create(
        job=job, status=DjangoJobExecution.ERROR, run_time=timezone.now(), exception="It failed", duration=1
    )


def test_f37_no_page_and_no_command_fetches_shows_or_unpickles_the_state_of_a_job(admin_client, execution):
    addresses = [
        address(row) for row in (execution.job, execution) for address in (lambda one: list_url(type(one)), url)
    ]
    with CaptureQueriesContext(connection) as queries:
        shown = [text_of(admin_client.get(address)) for address in addresses]
        others = [text_of(admin_client.get(address)) for address in PAGES]
        with suppress(CommandError):  # whether it is well is not the question
            call_command("scheduler_status")
    assert all("check_expired_subscriptions" in page for page in shown)
    assert not [page for page in (*shown, *others) if "job_state" in page]
    assert not [query["sql"] for query in queries if "job_state" in query["sql"]]
    assert [query["sql"] for query in queries if "django_apscheduler_djangojob" in query["sql"]]


def test_f36_the_admin_offers_no_run_and_no_change_of_stored_jobs(admin_client, execution):
    for row in (execution.job, execution):
        page = text_of(admin_client.get(list_url(type(row)))) + text_of(admin_client.get(url(row)))
        for offer in ("run_selected_jobs", "delete_selected", 'name="action"', 'name="_save"', "/add/", "/delete/"):
            assert offer not in page.split('id="main"')[1], offer
        name = f"admin:django_apscheduler_{type(row).__name__.lower()}_add"
        assert admin_client.get(reverse(name)).status_code == 403
        assert admin_client.post(url(row), {"next_run_time_0": "2020-01-01"}).status_code == 403
        assert admin_client.post(url(row, "delete"), {"post": "yes"}).status_code == 403
    assert DjangoJob.objects.count() == DjangoJobExecution.objects.count() == 1


def test_f36_asking_for_the_packages_own_run_does_nothing(admin_client, execution):
    before = set(threading.enumerate())
    for row in (execution.job, execution):
        for action in ("run_selected_jobs", "delete_selected"):
            values = {"action": action, "_selected_action": [row.pk], "post": "yes"}
            page = text_of(admin_client.post(list_url(type(row)), values, follow=True))
            assert "Executed job" not in page
    assert set(threading.enumerate()) <= before
    assert DjangoJob.objects.count() == DjangoJobExecution.objects.count() == 1
    assert not JobRun.objects.exists()


def test_f2_nothing_of_the_web_loads_what_runs_jobs():
    code = (
        "import sys, threading; from isp_billing.wsgi import application; "
        "from django.urls import get_resolver; get_resolver().url_patterns; "
        "names = ('runner', 'loop', 'supervisor', 'executor', 'term'); "
        "print([name for name in names if f'utils.scheduler.{name}' in sys.modules], len(threading.enumerate()), "
        "'utils.scheduler.requests' in sys.modules)"
    )
    environment = {"DATABASE_URL": database_url(), "DEMO": "1", "PATH": ""}
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[] 1 True"


def test_a_failed_execution_shows_its_error(admin_client, execution):
    page = text_of(admin_client.get(url(execution)))
    assert "It failed" in page
    assert "Error!" in page
