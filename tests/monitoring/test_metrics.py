"""``/metrics``: what it says, that sums never fall, and who may read it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from billing.models import BillingState, SweepRun
from tests.builders import at, make_subscription
from tests.monitoring.runs import add_leader, add_run, run_every_job
from utils.background_tasks import TIMETABLE
from utils.models import Alarm, AlarmNotice, JobRun, PausedJob

pytestmark = pytest.mark.django_db
CHECK = TIMETABLE[0].id
TOKEN = "a-token-of-more-than-twenty-characters"


def samples(response):
    """Each value by name and labels, such as ``job_lateness_seconds{job_id=x}``."""
    assert response.status_code == 200, response.content
    found = {}
    for family in text_string_to_metric_families(response.content.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            name = sample.name.removeprefix("isp_billing_")
            assert name != sample.name
            found[f"{name}{{{labels}}}" if labels else name] = sample.value
    return found


def test_a_system_that_is_well_says_so(client):
    now = timezone.now()
    add_leader(now - timedelta(seconds=3))
    add_leader(now, role="standby")
    run_every_job(now)
    found = samples(client.get("/metrics"))
    assert (found["database_up"], found["scheduler_leader"], found["scheduler_standbys"]) == (1, 1, 1)
    assert 3 <= found["scheduler_heartbeat_age_seconds"] < 60
    assert (found["scheduler_stale"], found["circuit_breaker_held"], found["alarms_open"]) == (0, 0, 0)
    for job in TIMETABLE:
        assert found[f"job_last_success_timestamp_seconds{{job_id={job.id}}}"] == pytest.approx(
            now.timestamp(), abs=0.01
        )
        assert found[f"job_lateness_seconds{{job_id={job.id}}}"] == 0
        assert found[f"job_runs_total{{job_id={job.id},result=succeeded}}"] == 1


def test_what_is_wrong_can_be_seen(client, monkeypatch):
    now = at("2026-03-02T10:03:30")
    monkeypatch.setattr(timezone, "now", lambda: now)
    run_every_job(at("2026-03-02T10:00"))
    add_run(CHECK, "2026-03-02T10:01", result="failed")
    add_run(TIMETABLE[1].id, "2026-03-02T10:03", seconds=None)
    add_leader(now)
    PausedJob.objects.create(job_id=TIMETABLE[2].id, since=now)
    alarm = Alarm.objects.create(key="x", text="x", began_at=now)
    AlarmNotice.objects.create(alarm=alarm, channel="mail", next_try_at=now)
    AlarmNotice.objects.create(alarm=alarm, channel="webhook", next_try_at=now, sent_at=now)
    SweepRun.objects.create(as_of=now, status="held", looked_at=60, active=100)
    SweepRun.objects.create(as_of=now, set_aside=3)
    BillingState.objects.filter(pk=make_subscription().pk).update(review="Too dear", review_since=now)
    found = samples(client.get("/metrics"))
    assert found[f"job_lateness_seconds{{job_id={CHECK}}}"] == 150
    assert found[f"job_failing{{job_id={CHECK}}}"] == 1
    assert found[f"job_last_failure_timestamp_seconds{{job_id={CHECK}}}"] == at("2026-03-02T10:01:00.03").timestamp()
    assert found[f"job_running{{job_id={TIMETABLE[1].id}}}"] == 1
    assert found[f"job_paused{{job_id={TIMETABLE[2].id}}}"] == 1
    assert (found["scheduler_stale"], found["alarms_open"], found["alarm_notices_waiting"]) == (1, 1, 1)
    assert found["circuit_breaker_held"] == 1
    assert [found[f"set_aside{{kind={kind}}}"] for kind in ("unbilled", "failed_change", "uncut")] == [1, 0, 3]


def test_before_the_first_run_the_sums_are_zero_and_the_rest_is_missing(client):
    found = samples(client.get("/metrics"))
    assert found[f"job_runs_total{{job_id={CHECK},result=failed}}"] == 0
    assert found[f"job_duration_seconds_count{{job_id={CHECK}}}"] == 0
    assert f"job_last_success_timestamp_seconds{{job_id={CHECK}}}" not in found
    assert "scheduler_heartbeat_age_seconds" not in found


def test_durations_and_rows_are_sums_that_do_not_fall_when_old_runs_are_deleted(client):
    for seconds, rows in ((0.02, 5), (0.04, None), (7, 2)):
        add_run(CHECK, f"2026-03-02T10:0{rows or 0}", seconds=seconds, rows=rows)
    before = samples(client.get("/metrics"))
    buckets = {bound: before[f"job_duration_seconds_bucket{{job_id={CHECK},le={bound}}}"] for bound in BOUNDS}
    assert buckets == {"0.01": 0, "0.05": 2, "5.0": 2, "10.0": 3, "3600.0": 3, "+Inf": 3}
    assert before[f"job_duration_seconds_sum{{job_id={CHECK}}}"] == pytest.approx(7.06)
    assert before[f"job_rows_total{{job_id={CHECK}}}"] == 7
    JobRun.objects.all().delete()
    after = samples(client.get("/metrics"))
    sums = [name for name in before if "_total" in name or "_bucket" in name or "_sum" in name or "_count" in name]
    assert len(sums) > 50
    assert {name: after[name] for name in sums} == {name: before[name] for name in sums}


BOUNDS = ("0.01", "0.05", "5.0", "10.0", "3600.0", "+Inf")


def test_the_queries_do_not_grow_with_the_runs(client):
    from django.test.utils import CaptureQueriesContext

    counts = []
    for minute in range(2):
        run_every_job(timezone.now() + timedelta(minutes=minute))
        add_leader(timezone.now())
        with CaptureQueriesContext(connection) as queries:
            client.get("/metrics")
        counts.append(len(queries))
    assert counts[0] == counts[1] < 10


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_used_is_said_and_is_all_that_is_said(client):
    recorded = MigrationRecorder.Migration.objects.filter(app="utils").latest("pk")
    rename("utils_instance", "away")
    MigrationRecorder.Migration.objects.filter(pk=recorded.pk).delete()
    try:
        assert samples(client.get("/metrics")) == {"database_up": 0}
    finally:
        rename("away", "utils_instance")
        recorded.save()


def rename(table, name):
    with connection.cursor() as cursor:  # a new one each time: what failed may have closed the connection
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_an_open_metrics_reader_gets_its_format(client):
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")
    assert client.get("/metrics")["Content-Type"].startswith("text/plain")
    assert client.post("/metrics").status_code == 405


@pytest.mark.parametrize(
    ("address", "networks", "headers", "allowed"),
    [
        ("127.0.0.1", None, {}, True),
        ("::1", None, {}, True),
        ("::ffff:127.0.0.1", None, {}, True),
        ("172.18.0.1", None, {}, False),
        ("127.0.0.2", None, {}, False),
        ("", None, {}, False),
        ("172.18.0.1", ["172.16.0.0/12"], {}, True),
        ("2001:db8::1", ["2001:db8::/32"], {}, True),
        ("127.0.0.1", [], {}, False),
        # Behind a proxy on this machine everybody has its address: only the token counts.
        ("127.0.0.1", None, {"x-forwarded-for": "203.0.113.9"}, False),
        ("127.0.0.1", None, {"x-forwarded-proto": "https"}, False),
        ("127.0.0.1", None, {"forwarded": "for=203.0.113.9"}, False),
        ("127.0.0.1", None, {"x-forwarded-for": "203.0.113.9", "authorization": f"Bearer {TOKEN}"}, True),
        ("172.18.0.1", None, {"authorization": f"Bearer {TOKEN}"}, True),
        ("172.18.0.1", None, {"authorization": f"bearer {TOKEN}"}, True),
        ("172.18.0.1", None, {"authorization": f"Bearer {TOKEN}x"}, False),
        ("172.18.0.1", None, {"authorization": f"Bearer {TOKEN[:-1]}"}, False),
        ("172.18.0.1", None, {"authorization": "Bearer é"}, False),
        ("172.18.0.1", None, {"authorization": f"Basic {TOKEN}"}, False),
        ("172.18.0.1", None, {"authorization": TOKEN}, False),
        # An address that the asker names itself does not count.
        ("172.18.0.1", None, {"x-forwarded-for": "127.0.0.1"}, False),
    ],
)
def test_the_metrics_are_for_those_with_the_token_or_from_a_permitted_network(
    settings, address, networks, headers, allowed
):
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_NETWORKS = settings.METRICS_NETWORKS if networks is None else networks
    response = Client(REMOTE_ADDR=address).get("/metrics", headers=headers)
    assert response.status_code == (200 if allowed else 403)
    if not allowed:
        assert "METRICS_TOKEN" in response.content.decode()
        assert "isp_billing_" not in response.content.decode()


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer", ""])
def test_without_a_token_in_the_settings_no_token_is_right(authorization):
    response = Client(REMOTE_ADDR="172.18.0.1").get("/metrics", headers={"authorization": authorization})
    assert response.status_code == 403
    assert "172.18.0.1" in response.content.decode()
