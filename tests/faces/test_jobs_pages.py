import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.faces.conftest import list_url, text_of, url


class Bomb:
    """Tells on whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a page unpickled a job's state",)


@pytest.fixture
def execution():
    import pickle

    job = DjangoJob.objects.create(
        id="check_expired_subscriptions", next_run_time=timezone.now(), job_state=pickle.dumps(Bomb())
    )
    return DjangoJobExecution.objects.create(
        job=job, status=DjangoJobExecution.ERROR, run_time=timezone.now(), exception="It failed", duration=1
    )


def test_the_pages_of_the_jobs_neither_fetch_nor_unpickle_their_state(admin_client, execution):
    with CaptureQueriesContext(connection) as queries:
        pages = [
            text_of(admin_client.get(address))
            for row in (execution.job, execution)
            for address in (list_url(type(row)), url(row))
        ]
    assert all("check_expired_subscriptions" in page for page in pages)
    assert not [query["sql"] for query in queries if "job_state" in query["sql"]]


def test_jobs_cannot_be_added_changed_deleted_or_run(admin_client, execution):
    for row in (execution.job, execution):
        name = f"admin:django_apscheduler_{type(row).__name__.lower()}_add"
        assert admin_client.get(reverse(name)).status_code == 403
        assert admin_client.post(url(row), {}).status_code == 403
        assert admin_client.post(url(row, "delete"), {"post": "yes"}).status_code == 403
        values = {"action": "run_selected_jobs", "_selected_action": [row.pk]}
        page = text_of(admin_client.post(list_url(type(row)), values, follow=True))
        assert "run_selected_jobs" not in page
        assert "Executed job" not in page


def test_a_failed_execution_shows_its_error(admin_client, execution):
    page = text_of(admin_client.get(url(execution)))
    assert "It failed" in page
    assert "Error!" in page
