"""Whatever decides about access meets the sweep on the same row, before its lock and after it (rules E8, E9, E14)."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from billing.models import AccessEvent, AccessState, Bill, Block, SweepRun
from billing.services import (
    access,
    bills,
    books,
    deferrals,
    holds,
    payment_batches,
    payments,
    plan_changes,
    reversals,
    sweep,
    sweep_runs,
)
from billing.services.payment_batches import Wanted
from tests.builders import (
    access_of,
    at,
    issue_next,
    make_customer,
    make_overdue_subscription,
    make_plan,
    make_subscription,
)
from tests.concurrency.races import together
from tests.concurrency.windows import after_the_decision, after_the_lock, broken_histories, without_locks

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")
WITHOUT_THE_CHECK_OF_THE_ROW = """
    SELECT subscription_id FROM billing_accessstate WHERE %(now)s IS NOT NULL AND subscription_id = ANY(%(ids)s)
    ORDER BY subscription_id FOR NO KEY UPDATE SKIP LOCKED
"""


def paid():
    one = make_overdue_subscription(now=NOW)
    return one, lambda: payments.receive(customer=one.customer, amount=Decimal(20), method="cash", now=NOW)


def paid_on_a_statement():
    """Beside somebody else, in one transaction."""
    one = make_overdue_subscription(now=NOW)
    payers = one.customer, make_customer()
    wanted = [Wanted(payments.new(payer, Decimal(20), "bank", now=NOW, by=None)) for payer in payers]
    return one, lambda: payment_batches.receive(wanted, now=NOW)


def promised():
    one = make_overdue_subscription(now=NOW)
    until = NOW.date() + timedelta(days=3)
    return one, lambda: deferrals.promise(customer=one.customer, until=until, why="Salary", now=NOW)


def excluded():
    one = make_overdue_subscription(now=NOW)
    return one, lambda: deferrals.exclude(customer=one.customer, until=None, why="Landlord", now=NOW)


def voided():
    one = make_overdue_subscription(now=NOW)
    return one, lambda: bills.void(bill=one.lines.get().bill, reason="Wrong", now=NOW)


def changed():
    """The overdue bill is of the next month, which the change of plan takes back as a whole."""
    one = make_subscription(plan=make_plan(lead_days=15, due_days=5), starts_on=date(2026, 5, 20))
    issue_next(one, now=at("2026-05-20"))
    payments.receive(customer=one.customer, amount=Decimal(20), method="cash", now=at("2026-05-20"))
    issue_next(one, now=at("2026-06-05"))
    return one, lambda: plan_changes.change_now(subscription=one, plan=make_plan(), now=NOW)


def held():
    one = make_overdue_subscription(now=NOW)
    return one, lambda: holds.hold(subscription=one, starts_on=NOW.date(), now=NOW)


def reversed_beside_another_debt():
    one = make_overdue_subscription(now=NOW, days=40)
    payment = payments.receive(customer=one.customer, amount=Decimal(20), method="cash", now=at("2026-05-01"))
    issue_next(one, now=at("2026-05-25"))
    return one, lambda: reversals.reverse(payment=payment, kind="bounced", reason="No funds", now=NOW)


SPARED = (paid, paid_on_a_statement, promised, excluded, voided, changed)
named = {"ids": lambda situation: situation.__name__}


def check(result):
    assert result.set_aside == {}
    assert sweep.disable_due(now=NOW, limit=500).set_aside == {}
    assert broken_histories() == []
    books.require(books.verify(now=NOW))


@pytest.mark.parametrize("situation", SPARED, **named)
def test_e8_who_is_spared_before_the_sweep_locks_is_not_cut(monkeypatch, situation):
    other = make_overdue_subscription(now=NOW)
    one, act = situation()
    result = after_the_decision(monkeypatch, NOW, act)
    assert result.disabled == [other.customer.code]
    assert not AccessEvent.objects.filter(subscription=one).exists()
    check(result)
    assert access_of(one).is_on


@pytest.mark.parametrize("situation", SPARED, **named)
def test_e8_who_is_spared_while_the_sweep_has_the_row_is_cut_and_back_at_once(monkeypatch, situation):
    one, act = situation()
    result = after_the_lock(monkeypatch, NOW, act)
    assert result.disabled == [one.customer.code]
    check(result)
    assert access_of(one).is_on
    assert list(AccessEvent.objects.order_by("pk").values_list("change", "is_on")) == [
        ("blocked", False),
        ("unblocked", True),
    ]


@pytest.mark.parametrize("situation", [*SPARED, held], **named)
def test_control_without_the_check_of_the_locked_row_the_sweep_takes_whom_it_must_not(monkeypatch, situation):
    one, act = situation()
    monkeypatch.setattr(sweep, "_CLAIM", WITHOUT_THE_CHECK_OF_THE_ROW)
    result = after_the_decision(monkeypatch, NOW, act)
    assert result.disabled == [one.customer.code] or list(result.set_aside) == [one.pk]


@pytest.mark.parametrize("situation", [paid, voided], **named)  # the others write to the row first, which waits as well
def test_control_without_the_lock_on_the_row_the_spared_stay_off(monkeypatch, situation):
    one, act = situation()
    without_locks(monkeypatch)
    after_the_lock(monkeypatch, NOW, act)
    assert not access_of(one).is_on


def test_l3_a_hold_before_the_sweep_locks_is_not_cut_and_is_when_it_ends(monkeypatch):
    one, act = held()
    make_overdue_subscription(now=NOW)
    result = after_the_decision(monkeypatch, NOW, act)
    check(result)
    assert access.open_reasons([one.pk]) == {one.pk: ["hold"]}
    holds.resume(subscription=one, now=NOW + timedelta(days=1))
    assert access.open_reasons([one.pk]) == {one.pk: ["unpaid"]}


def test_l3_a_hold_while_the_sweep_has_the_row_comes_on_top(monkeypatch):
    one, act = held()
    check(after_the_lock(monkeypatch, NOW, act))
    assert access.open_reasons([one.pk]) == {one.pk: ["unpaid", "hold"]}


def test_control_a_hold_without_the_lock_on_the_row_writes_a_history_that_was_not(monkeypatch):
    _, act = held()
    with monkeypatch.context() as patch:
        without_locks(patch)
        after_the_lock(patch, NOW, act)
    assert broken_histories() != []


@pytest.mark.parametrize("window", [after_the_decision, after_the_lock])
def test_m8_a_reversal_against_the_sweep_leaves_it_off_for_the_oldest_bill(monkeypatch, window):
    one, act = reversed_beside_another_debt()
    check(window(monkeypatch, NOW, act))
    assert not access_of(one).is_on
    oldest = Bill.objects.order_by("due_on").first()
    assert access_of(one).cut_off_at.date() == oldest.due_on + timedelta(days=1)
    assert Block.objects.filter(closed_at=None).count() == 1


def test_m8_a_reversal_after_the_sweep_has_decided_is_cut_by_the_next(monkeypatch):
    one, other = (make_overdue_subscription(now=NOW) for _ in range(2))
    payment = payments.receive(customer=one.customer, amount=Decimal(20), method="cash", now=NOW)
    act = lambda: reversals.reverse(payment=payment, kind="bounced", reason="No funds", now=NOW)  # noqa: E731
    result = after_the_decision(monkeypatch, NOW, act)
    assert (result.disabled, access_of(one).is_on) == ([other.customer.code], True)
    check(result)
    assert not access_of(one).is_on


def test_control_m8_a_sweep_that_saves_whole_rows_takes_back_what_a_reversal_wrote(monkeypatch):
    """As a loop with ``save()`` does: it writes the cut-off instant that it read before the reversal."""
    one, act = reversed_beside_another_debt()
    read, disable = access_of(one), sweep._disable

    def disable_and_save(*args):
        disabled = disable(*args)
        AccessState.objects.filter(pk=one.pk).update(cut_off_at=read.cut_off_at)
        return disabled

    monkeypatch.setattr(sweep, "_disable", disable_and_save)
    after_the_decision(monkeypatch, NOW, act)
    with pytest.raises(books.BooksDiffer, match="access: cut off when"):
        books.require(books.verify(now=NOW))


def test_control_e9_without_the_lock_two_sweeps_write_the_same_cut(monkeypatch):
    """Only the unique index of the open blocks keeps the second from being written."""
    make_overdue_subscription(now=NOW)
    meeting, disable, refused = Barrier(2), sweep._disable, []

    def when_both_have_decided(*args):
        meeting.wait(30)
        try:
            return disable(*args)
        except IntegrityError as error:
            refused.append(str(error))
            raise

    monkeypatch.setattr(sweep, "_disable", when_both_have_decided)
    monkeypatch.setattr(sweep, "_CLAIM", sweep._CLAIM.replace("FOR NO KEY UPDATE SKIP LOCKED", ""))
    together(*[lambda: sweep.disable_due(now=NOW, limit=500)] * 2)
    assert len(refused) == 1
    assert "block_open_once_per_reason" in refused[0]


def held_runs(monkeypatch, settings):
    """How many runs two sweeps hold that both find the same abnormal number."""
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 1
    for _ in range(3):
        make_overdue_subscription(now=NOW)
    meeting, active = Barrier(2), sweep_runs._active

    def both_have_counted():
        meeting.wait(30)
        return active()

    monkeypatch.setattr(sweep_runs, "_active", both_have_counted)
    results = together(*[lambda: sweep.disable_due(now=NOW, limit=500)] * 2)
    assert [result.disabled for result in results] == [[], []]
    return SweepRun.objects.filter(status="held"), results


def test_e14_two_sweeps_at_once_make_one_held_run(monkeypatch, settings):
    runs, results = held_runs(monkeypatch, settings)
    assert [result.held for result in results] == [runs.get()] * 2
    assert runs.get().findings.count() == 3


def test_control_e14_without_the_unique_index_they_make_two(monkeypatch, settings):
    index = "CREATE UNIQUE INDEX sweeprun_held_once ON billing_sweeprun (status) WHERE status = 'held'"
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX sweeprun_held_once")
    try:
        assert held_runs(monkeypatch, settings)[0].count() == 2
    finally:
        SweepRun.objects.update(status="done")
        with connection.cursor() as cursor:
            cursor.execute(index)
