"""An abnormal run cuts nobody until staff confirm it (rule E14)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from billing.models import AccessState, Reminder, SweepRun
from billing.services import billing_run, change_run, payments, reminders, sweep, sweep_runs
from tests.builders import (
    access_of,
    at,
    issue_next,
    make_customer,
    make_overdue_subscription,
    make_plan,
    make_subscription,
)
from tests.diary import is_online, refused
from utils.background_tasks import check_and_disable_expired_subscriptions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

NOW = at("2026-06-15T10:00")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def breaker(settings):
    """It trips at more than 2 cuts and more than 10 percent."""
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 2


@pytest.fixture
def staff():
    return get_user_model().objects.create(username="boss")


def overdue(count, *, now=NOW):
    return [make_overdue_subscription(now=now) for _ in range(count)]


def sweep_at(now):
    return sweep.disable_due(now=now, limit=2)


def online():
    return AccessState.objects.filter(is_on=True).count()


@pytest.mark.parametrize(("due", "paid_up", "cut"), [(2, 0, 2), (3, 27, 3), (3, 26, 0), (3, 0, 0)])
def test_e14_more_than_the_count_and_more_than_the_share_are_held(due, paid_up, cut):
    overdue(due)
    for _ in range(paid_up):
        make_subscription()
    result = sweep_at(NOW)
    assert (len(result.disabled), online()) == (cut, due + paid_up - cut)
    assert (result.held is None) == bool(cut)


def test_e14_those_who_are_off_already_do_not_count_as_active():
    overdue(3)
    for _ in range(27):
        access = access_of(make_subscription())
        access.is_on = False
        access.save()
    assert sweep_at(NOW).held is not None
    AccessState.objects.filter(cut_off_at=None).update(is_on=True)


def test_e14_a_held_run_cuts_nobody_names_who_and_is_made_once():
    services = overdue(4)
    first, second = sweep_at(NOW), sweep_at(NOW + HOUR)
    assert (first.disabled, second.disabled, online()) == ([], [], 4)
    run = SweepRun.objects.get(status="held")
    assert (first.held, second.held) == (run, run)
    assert (run.looked_at, run.active, run.disabled) == (4, 4, 0)
    assert set(run.findings.values_list("subscription", "kind")) == {(service.pk, "held") for service in services}


def test_e14_each_check_says_that_the_run_waits(caplog):
    overdue(4, now=None)
    check_and_disable_expired_subscriptions()
    run = SweepRun.objects.get(status="held")
    said = f"The circuit breaker holds run {run.pk}: 4 of 4 active subscriptions would be disabled. It waits for staff"
    assert [(record.levelname, record.message) for record in caplog.records] == [("WARNING", said)]


def test_e14_what_was_confirmed_is_that_very_run(staff):
    overdue(4)
    run = sweep_at(NOW).held
    late = overdue(3, now=NOW + timedelta(days=1))
    sweep_runs.confirm(run=run, now=NOW + HOUR, by=staff)
    result = sweep_at(NOW + timedelta(days=1))
    assert len(result.disabled) == 4
    assert all(is_online(service) for service in late), "they were not on the list"
    assert result.held.pk != run.pk
    assert (result.held.looked_at, result.held.active) == (3, 3)
    run.refresh_from_db()
    assert (run.status, run.disabled, run.decided_by, run.decided_at) == ("done", 4, staff, NOW + HOUR)
    assert set(run.events.values_list("rule", "at")) == {("E1", NOW + timedelta(days=1))}


def test_e14_who_paid_before_the_confirmed_run_is_carried_out_stays_on(staff):
    paid, *_ = overdue(4)
    run = sweep_at(NOW).held
    sweep_runs.confirm(run=run, now=NOW, by=staff)
    payments.receive(customer=paid.customer, amount=Decimal(20), method="cash", now=NOW)
    assert len(sweep_at(NOW).disabled) == 3
    assert is_online(paid)


def test_e14_a_confirmed_run_waits_for_a_time_with_cuts(staff, settings):
    overdue(4)
    sweep_runs.confirm(run=sweep_at(NOW).held, now=NOW, by=staff)
    settings.CUT_OFF_TIME = "12:00"
    assert sweep_at(NOW + HOUR).disabled == []
    assert len(sweep_at(NOW + 2 * HOUR).disabled) == 4


def test_e14_confirming_twice_changes_nothing_more(staff):
    overdue(4)
    run = sweep_at(NOW).held
    sweep_runs.confirm(run=run, now=NOW, by=staff)
    sweep_runs.confirm(run=run, now=NOW + HOUR, by=None)
    run.refresh_from_db()
    assert (run.status, run.decided_at, run.decided_by) == ("confirmed", NOW, staff)
    sweep_at(NOW + HOUR)
    assert sweep_runs.confirm(run=run, now=NOW + 2 * HOUR, by=None).status == "done"
    assert sweep_at(NOW + 2 * HOUR).disabled == []


def test_e14_a_run_that_is_normal_again_lapses_and_cannot_be_confirmed(staff):
    first, *_ = overdue(3)
    run = sweep_at(NOW).held
    payments.receive(customer=first.customer, amount=Decimal(20), method="cash", now=NOW)
    result = sweep_at(NOW + HOUR)
    assert (len(result.disabled), result.held) == (2, None)
    run.refresh_from_db()
    assert (run.status, run.decided_at) == ("lapsed", NOW + HOUR)
    with refused("does not hold"):
        sweep_runs.confirm(run=run, now=NOW + HOUR, by=staff)


def test_e14_a_run_that_was_never_held_cannot_be_confirmed(staff):
    overdue(1)
    sweep_at(NOW)
    with refused("does not hold run .*: there is nothing to confirm"):
        sweep_runs.confirm(run=SweepRun.objects.get(), now=NOW, by=staff)


def test_e14_a_small_run_is_held_as_well_while_a_run_is_held():
    overdue(4)
    held = sweep_at(NOW).held
    overdue(1, now=NOW + timedelta(days=1))
    result = sweep_at(NOW + timedelta(days=1))
    assert (result.disabled, result.held, online()) == ([], held, 5)


def test_e14_another_limit_lets_the_held_run_lapse_and_cuts(settings):
    overdue(4)
    sweep_at(NOW)
    settings.MAX_CUTS_PERCENT = 100
    assert len(sweep_at(NOW + HOUR).disabled) == 4
    assert SweepRun.objects.get(active__isnull=False).status == "lapsed"


def test_e14_everything_else_goes_on_while_a_run_is_held(settings):
    settings.REMINDER_DAYS = ["0"]
    first, *_ = overdue(4)
    sweep_at(NOW)
    tomorrow = NOW + timedelta(days=1)
    service = make_subscription(plan=make_plan(due_days=0), starts_on=tomorrow.date(), now=NOW)
    assert change_run.apply_due(now=tomorrow).applied == 1
    assert is_online(service)
    assert billing_run.generate(now=tomorrow, limit=500).bills >= 1
    assert reminders.record(now=tomorrow) >= 1
    assert Reminder.objects.filter(bill__customer=service.customer).exists()
    payments.receive(customer=first.customer, amount=Decimal(20), method="cash", now=tomorrow)
    assert is_online(first)


def test_e14_a_clock_that_jumps_ahead_a_year_cuts_nobody(settings):
    settings.MAX_CUTS_COUNT = 5
    for _ in range(10):
        issue_next(make_subscription(customer=make_customer(), starts_on=date(2026, 6, 1)), now=at("2026-06-01"))
    assert sweep_at(at("2027-06-15")).held is not None
    assert online() == 10
    sweep_at(NOW)
    assert SweepRun.objects.get(active__isnull=False).status == "lapsed"


def test_e14_who_is_on_no_list_is_not_cut_when_staff_confirm_in_the_middle_of_a_sweep(staff):
    overdue(4)
    run = sweep_at(NOW).held
    late = overdue(3, now=NOW + timedelta(days=1))

    def confirm_after_the_attempt_to_hold(execute, sql, *arguments):
        result = execute(sql, *arguments)
        if sql == sweep_runs._HOLD:
            sweep_runs.confirm(run=run, now=NOW, by=staff)
        return result

    with connection.execute_wrapper(confirm_after_the_attempt_to_hold):
        result = sweep_at(NOW + timedelta(days=1))
    assert (result.disabled, result.held) == ([], run)
    assert all(is_online(service) for service in late)
