"""The record of a run, and undoing exactly its cuts (rules E9, E14, E15)."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from billing.models import AccessEvent, Block, Promise, SweepFinding, SweepRun
from billing.services import access, books, sweep, sweep_runs
from tests.builders import access_of, at, make_customer, make_overdue_subscription, make_subscription
from tests.diary import is_online, pay, refused

NOW = at("2026-06-15T10:00")
UNTIL = date(2026, 6, 20)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return get_user_model().objects.create(username="boss")


def overdue(count=1, *, now=NOW, **changes):
    return [make_overdue_subscription(now=now, **changes) for _ in range(count)]


def swept(now=NOW, limit=2):
    result = sweep.disable_due(now=now, limit=limit)
    return result, SweepRun.objects.latest("pk")


def undo(run, **changes):
    values = {"until": UNTIL, "why": "Payments were not imported", "now": NOW + timedelta(hours=1), "by": None}
    return sweep_runs.undo(run=run, **{**values, **changes})


def test_e15_the_record_says_what_the_run_looked_at_and_cut():
    overdue(5)
    result, run = swept()
    assert (run.as_of, run.status, run.looked_at, run.disabled, run.skipped, run.set_aside) == (NOW, "done", 5, 5, 0, 0)
    assert run.ended_at >= run.started_at
    assert result.looked_at == run.events.count() == 5


def test_e15_a_run_that_finds_nobody_is_recorded_too():
    _, run = swept()
    assert (run.status, run.looked_at, run.disabled, run.active) == ("done", 0, 0, None)
    assert run.ended_at is not None


def test_e15_who_was_set_aside_is_recorded_with_the_error():
    good, bad, odd = overdue(3)
    Block.objects.create(subscription=bad, reason="unpaid", opened_at=NOW)  # contradicts access that is on
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_billline SET cut_off_at = '2099-01-01' WHERE subscription_id = %s", [odd.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    result, run = swept()
    assert not is_online(good)
    assert (run.looked_at, run.disabled, run.set_aside) == (3, 1, 2)
    errors = dict(run.findings.filter(kind="set aside").values_list("subscription", "error"))
    assert set(errors) == set(result.set_aside) == {bad.pk, odd.pk}
    assert "block_open_once_per_reason" in errors[bad.pk]
    assert errors[odd.pk] == "no unpaid bill explains its cut-off"


@pytest.mark.django_db(transaction=True)
def test_e9_who_was_skipped_as_locked_is_counted_and_taken_by_the_next_run():
    locked, *_ = overdue(3)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM billing_accessstate WHERE subscription_id = %s FOR UPDATE", [locked.pk])
        result, run = swept()
        other.rollback()
    finally:
        other.close()
    assert (run.looked_at, run.disabled, run.skipped) == (3, 2, 1)
    assert (result.skipped, is_online(locked)) == (1, True)
    _, run = swept(NOW + timedelta(hours=1))
    assert (run.looked_at, run.disabled, run.skipped) == (1, 1, 0)


def test_e15_undoing_a_run_gives_access_back_to_exactly_whom_it_cut(staff):
    before = overdue(2, now=NOW - timedelta(days=1))
    swept(NOW - timedelta(days=1))
    customer = make_customer()
    cut = [*overdue(3), *overdue(2, customer=customer)]
    _, run = swept()
    kept_on = make_subscription()
    assert undo(run, by=staff) == 5
    assert all(is_online(service) for service in (*cut, kept_on))
    assert not any(is_online(service) for service in before)
    run.refresh_from_db()
    assert (run.status, run.decided_by, run.disabled) == ("undone", staff, 5)
    assert set(Promise.objects.values_list("subscription", "run", "until", "created_by")) == {
        (service.pk, run.pk, UNTIL, staff.pk) for service in cut
    }
    events = AccessEvent.objects.filter(change="unblocked")
    assert set(events.values_list("rule", "actor", "is_on")) == {("E11", staff.pk, True)}
    books.require(books.verify(now=NOW + timedelta(hours=1)))


def test_e15_the_next_sweep_spares_them_until_the_day_and_then_cuts_them():
    cut = overdue(3)
    _, run = swept()
    undo(run)
    assert swept(at("2026-06-20T23:59:59"))[0].disabled == []
    assert len(swept(at("2026-06-21"))[0].disabled) == 3
    assert not any(is_online(service) for service in cut)


def test_e15_what_falls_due_later_of_another_subscription_is_not_spared():
    customer = make_customer()
    overdue(customer=customer)
    _, run = swept()
    undo(run)
    (other,) = overdue(customer=customer, now=NOW + timedelta(days=1))
    swept(NOW + timedelta(days=1))
    assert not is_online(other)


def test_e6_e15_undoing_leaves_other_blocks_and_those_who_paid_meanwhile():
    manual, paid, left = overdue(3)
    _, run = swept()
    access.disable(subscription=manual, now=NOW)
    pay(paid.customer, "20", "2026-06-15T10:30")
    assert undo(run) == 2
    assert not is_online(manual)
    assert access.open_reasons([manual.pk]) == {manual.pk: ["manual"]}
    assert is_online(left)
    assert not Promise.objects.filter(subscription=paid).exists()


def test_e15_undoing_again_changes_nothing_more():
    overdue(2)
    _, run = swept()
    assert [undo(run), undo(run)] == [2, 0]
    assert Promise.objects.count() == 2


def test_e15_a_run_of_another_day_that_cut_them_again_is_not_undone():
    (service,) = overdue()
    _, first = swept()
    pay(service.customer, "20", "2026-06-15T11:00")
    again = make_overdue_subscription(now=NOW + timedelta(days=5), customer=service.customer)
    swept(NOW + timedelta(days=5))
    assert undo(first, now=NOW + timedelta(days=5), until=UNTIL + timedelta(days=5)) == 0
    assert not is_online(again)


def test_e15_undoing_works_in_batches_of_whole_customers(monkeypatch):
    monkeypatch.setattr(sweep_runs, "BATCH", 2)
    shared = make_customer()
    overdue(3, customer=shared)
    overdue(4)
    _, run = swept()
    assert undo(run) == 7
    assert not Block.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until": date(2026, 6, 14)}, "over already"),
        ({"until": date(2026, 6, 30)}, "may run for 14 days"),
        ({"why": " "}, "Say why"),
        ({"why": "x" * 201}, "Shorten it"),
    ],
)
def test_e15_undoing_needs_a_day_and_a_reason(changes, message):
    overdue()
    _, run = swept()
    with refused(message):
        undo(run, **changes)


def test_e15_a_run_that_cut_nobody_cannot_be_undone():
    _, run = swept()
    with refused("Nobody was cut by run .*: there is nothing to undo"):
        undo(run)


def test_idle_runs_are_deleted_and_those_that_cut_or_were_held_stay(settings):
    swept(NOW - timedelta(days=2))
    overdue(1)
    _, cut = swept()
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 1, 0
    overdue(1, now=NOW + timedelta(hours=1))
    held = sweep.disable_due(now=NOW + timedelta(hours=1), limit=2).held
    assert sweep_runs.delete_idle(before=NOW + timedelta(days=9)) == 2
    assert set(SweepRun.objects.all()) == {cut, held}
    assert SweepFinding.objects.filter(run=held).exists()
    assert access_of(held.findings.get().subscription).is_on
