"""What alarms: jobs that fail, are late or were cut off, a held run, rows set aside, books that differ."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from billing.models import AccessState, BillingState
from billing.services import billing_run, billing_states, payments, sweep, sweep_runs, troubles
from tests.builders import access_of, at, make_customer, make_overdue_subscription, make_subscription
from utils.alarms import conditions
from utils.background_tasks import TIMETABLE, TROUBLES
from utils.models import JobRhythm, JobRun
from utils.scheduler.jobs import Job

pytestmark = pytest.mark.django_db

NOW = at("2026-06-15T10:00")
MINUTE = timedelta(minutes=1)
BILLS = Job(id="bills", name="Bills", function=lambda: None, cron="5 0 * * *")


def run(result, *, at=NOW, error=""):
    ended_at = None if result == "running" else at
    return JobRun.objects.create(
        job_id="bills", slot=at, instance="one", started_at=at, ended_at=ended_at, result=result, error=error
    )


def failed(now=NOW):
    return dict(conditions.failed([BILLS])(now))


def test_a_job_alarms_from_its_failure_to_its_next_success():
    assert failed() == {}
    run("succeeded")
    assert failed() == {}
    run("failed", at=NOW + MINUTE, error="ValueError: no\n\nTraceback (most recent call last): ...")
    assert failed() == {"bills": "“Bills” failed: ValueError: no"}
    run("running", at=NOW + 2 * MINUTE)
    assert failed() == {"bills": "“Bills” failed: ValueError: no"}, "it has not succeeded yet"
    JobRun.objects.filter(result="running").update(result="succeeded", ended_at=NOW + 3 * MINUTE)
    assert failed() == {}


def test_a_run_that_was_cut_off_alarms_unless_the_job_runs_again_soon():
    run("interrupted")
    assert failed(NOW + MINUTE) == {}
    assert failed(NOW + 2 * MINUTE) == {"bills": "“Bills” was cut off in its last run and has not run again"}
    again = run("running", at=NOW + 2 * MINUTE)
    assert failed(NOW + 9 * MINUTE) == {}
    JobRun.objects.filter(pk=again.pk).update(result="succeeded", ended_at=NOW + 9 * MINUTE)
    assert failed(NOW + 99 * MINUTE) == {}


def test_a_job_without_a_success_for_two_periods_is_late():
    JobRhythm.objects.create(job_id="bills", cron=BILLS.cron, since=NOW)
    late = conditions.late([BILLS])
    assert list(late(at("2026-06-17T00:06"))) == []
    ((about, text),) = late(at("2026-06-17T00:07"))
    assert (about, text.startswith("“Bills” is late: ")) == ("bills", True)
    run("succeeded", at=at("2026-06-17T00:08"))
    assert list(late(at("2026-06-17T00:09"))) == []


@pytest.fixture
def breaker(settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 2


def test_e14_a_held_run_alarms_until_staff_confirm_it(breaker):
    for _ in range(3):
        make_overdue_subscription(now=NOW)
    assert list(troubles.held_runs(NOW)) == []
    held = sweep.disable_due(now=NOW, limit=10).held
    said = f"The circuit breaker holds run {held.pk}: 3 of 3 active subscriptions would be disabled. "
    assert list(troubles.held_runs(NOW)) == [(str(held.pk), f"{said}Nobody is disabled until staff confirm the run")]
    sweep_runs.confirm(run=held, now=NOW, by=get_user_model().objects.create(username="boss"))
    assert list(troubles.held_runs(NOW)) == []


def test_subscriptions_that_the_expiry_check_sets_aside_alarm_until_they_are_not_due_any_more():
    bad, other = make_overdue_subscription(now=NOW), make_subscription()
    for subscription in (bad, other):
        AccessState.objects.filter(pk=subscription.pk).update(cut_off_at=NOW - MINUTE, is_on=True)
    payments.receive(customer=bad.customer, amount=bad.customer.bills.get().total, method="cash", now=NOW)
    assert list(troubles.not_disabled(NOW)) == []
    AccessState.objects.filter(pk=bad.pk).update(cut_off_at=NOW - MINUTE)
    assert len(sweep.disable_due(now=NOW, limit=10).set_aside) == 2
    because = "no unpaid bill explains its cut-off"
    assert list(troubles.not_disabled(NOW)) == [
        ("sweep", f"The expiry check cannot disable 2 subscriptions, such as {bad}: {because}")
    ]
    AccessState.objects.filter(pk=bad.pk).update(cut_off_at=None)
    assert [text for _, text in troubles.not_disabled(NOW)] == [
        f"The expiry check cannot disable 1 subscription, such as {other}: {because}"
    ]
    AccessState.objects.filter(pk=other.pk).update(cut_off_at=None)
    assert list(troubles.not_disabled(NOW)) == []
    assert access_of(bad).is_on


def test_b7_subscriptions_that_the_billing_run_sets_aside_are_one_alarm_a_day_until_they_are_reviewed(settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    first, second, third = (make_subscription(customer=make_customer()) for _ in range(3))
    evening = at("2026-06-15T17:59")
    billing_states.set_aside({first.pk: "no price", second.pk: "no tax"}, now=evening)
    billing_states.set_aside({third.pk: "no price"}, now=evening + MINUTE)  # midnight in Dhaka
    said = "set aside by the billing run on"
    assert dict(troubles.not_billed(NOW)) == {
        "2026-06-15": f"2 subscriptions {said} 2026-06-15, not billed until reviewed, such as {first}: no price",
        "2026-06-16": f"1 subscription {said} 2026-06-16, not billed until reviewed, such as {third}: no price",
    }
    billing_run.try_again(subscription_ids=[first.pk, second.pk], now=evening)
    assert list(dict(troubles.not_billed(NOW))) == ["2026-06-16"]
    assert BillingState.objects.exclude(review="").count() == 1


def test_everything_that_alarms_is_looked_at():
    assert set(TROUBLES) == {"late", "failed", "held", "not-disabled", "not-billed", "not-applied", "router"}
    assert conditions.find(TROUBLES, NOW).blind == {}
    assert {job.id for job in TIMETABLE} >= {"verify_books"}
