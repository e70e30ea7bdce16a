"""The health pages: of the process, of the web, and of the whole system."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from tests.monitoring.runs import add_leader, run_every_job


@pytest.mark.parametrize("page", ["/livez", "/readyz"])
def test_the_health_pages_answer_without_a_sign_in(client, page):
    response = client.get(page)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-cache" in response["Cache-Control"]


def test_the_health_of_the_whole_is_well_while_a_scheduler_leads_and_no_job_is_late(client):
    add_leader(timezone.now())
    run_every_job(timezone.now())
    response = client.get("/healthz")
    assert response.status_code == 200
    answer = response.json()
    assert set(answer.pop("jobs").values()) == {"on time"}
    assert answer == {"status": "ok", "database": "ok", "scheduler": "ok", "reasons": []}
    assert "no-cache" in response["Cache-Control"]


def test_a_new_installation_is_well_while_its_first_scheduler_starts(client):
    MigrationRecorder.Migration.objects.filter(app="utils").update(applied=timezone.now())
    response = client.get("/healthz")
    assert (response.status_code, response.json()["scheduler"]) == (200, "starting")
    MigrationRecorder.Migration.objects.filter(app="utils").update(applied=timezone.now() - timedelta(minutes=6))
    response = client.get("/healthz")
    assert (response.status_code, response.json()["scheduler"]) == (503, "stale")


def test_a_scheduler_that_is_gone_or_late_is_no_fault_of_the_web(client):
    add_leader(timezone.now() - timedelta(minutes=5))
    run_every_job(timezone.now() - timedelta(hours=1))
    response = client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (503, "stale")
    reasons = response.json()["reasons"]
    assert "No scheduler leads: the last one was heard of 5 minutes ago" in reasons[0]
    assert "“Check and disable expired subscriptions” is late" in reasons[1]
    assert response.json()["jobs"]["check_expired_subscriptions"] == "late"
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("page", ["/livez", "/readyz", "/healthz"])
def test_the_health_pages_only_tell(client, page):
    assert client.post(page).status_code == 405


@pytest.mark.parametrize("page", ["/readyz", "/healthz"])
def test_a_database_that_is_not_migrated_is_not_ready_and_says_what_to_do(client, page):
    MigrationRecorder.Migration.objects.filter(app="billing").latest("pk").delete()
    response = client.get(page)
    assert response.status_code == 503
    answer = response.json()
    assert answer["status"] == "unavailable"
    assert "python manage.py migrate" in answer.get("reason", "") + "".join(answer.get("reasons", []))


def test_the_first_address_leads_to_the_staffs_pages(client):
    assert client.get("/").url == "/admin/"
