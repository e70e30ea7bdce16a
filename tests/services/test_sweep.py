"""The expiry sweep and the blocks beside it (rules E1 to E9, E15)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.models import AccessEvent, AccessState, Block, SweepRun
from billing.rules.errors import Refused
from billing.services import access, payments, sweep
from tests.builders import (
    access_of,
    at,
    issue_due,
    issue_next,
    make_customer,
    make_overdue_subscription,
    make_plan,
    make_subscription,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")


def sweep_at(now, limit=500):
    return sweep.disable_due(now=now, limit=limit)


def test_e1_a_subscription_without_a_bill_is_never_cut():
    subscription = make_subscription()
    assert sweep_at(at("2036-01-01")).disabled == []
    assert access_of(subscription).is_on


def test_e1_a_draft_cuts_nobody():
    subscription = make_overdue_subscription(now=NOW)
    bill = subscription.lines.get().bill
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=NOW)
    draft = type(bill).objects.get(pk=bill.pk)
    draft.pk, draft.status, draft.number, draft.sequence, draft.allocated = None, "draft", None, None, 0
    draft.save(force_insert=True)
    assert sweep_at(NOW).disabled == []


@pytest.mark.parametrize(
    ("instant", "cut"), [("2026-03-15T23:59:59.999999", False), ("2026-03-16T00:00", True), ("2026-05-20", True)]
)
def test_b3_t5_the_cut_comes_after_the_last_second_of_the_due_day(instant, cut):
    subscription = make_subscription(plan=make_plan(due_days=14))
    issue_next(subscription, now=at("2026-03-01"))
    sweep_at(at(instant))
    assert access_of(subscription).is_on is not cut


def test_e2_a_bill_of_two_months_ago_counts_although_a_newer_one_is_paid():
    subscription = make_subscription()
    old, new = issue_due(subscription, now=at("2026-02-01"))
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=at("2026-02-02"), bill=new)
    assert len(sweep_at(at("2026-04-15")).disabled) == 1
    assert Block.objects.get().bill == old


def test_e3_credit_is_applied_before_a_cut():
    subscription = make_subscription()
    payments.receive(customer=subscription.customer, amount=Decimal(100), method="cash", now=at("2026-01-01"))
    issue_due(subscription, now=at("2026-05-31"))
    assert sweep_at(at("2036-01-01")).disabled == []


def test_e9_two_sweeps_make_one_event_per_lapse():
    make_overdue_subscription(now=NOW)
    assert len(sweep_at(NOW).disabled) == 1
    assert sweep_at(NOW + timedelta(minutes=1)).disabled == []
    assert (AccessEvent.objects.count(), Block.objects.count()) == (1, 1)


def test_e9_a_row_that_was_locked_is_taken_by_the_next_run():
    subscription = make_overdue_subscription(now=NOW)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM billing_accessstate WHERE subscription_id = %s FOR UPDATE", [subscription.pk])
        assert sweep_at(NOW).disabled == []
        assert access_of(subscription).is_on
        other.rollback()
    finally:
        other.close()
    assert len(sweep_at(NOW).disabled) == 1


def test_e15_every_cut_names_its_bill_its_rule_and_its_run():
    subscription = make_overdue_subscription(now=NOW)
    sweep_at(NOW)
    event = AccessEvent.objects.get()
    assert (event.subscription, event.at, event.change, event.reason) == (subscription, NOW, "blocked", "unpaid")
    assert (event.rule, event.bill, event.run, event.actor) == (
        "E1",
        subscription.lines.get().bill,
        SweepRun.objects.get(as_of=NOW, disabled=1),
        None,
    )
    assert (event.was_on, event.is_on) == (True, False)
    assert access_of(subscription).version == 1


def test_batches_smaller_than_the_work_finish_it():
    for _ in range(7):
        make_overdue_subscription(now=NOW)
    assert len(sweep_at(NOW, limit=3).disabled) == 7
    assert SweepRun.objects.get().disabled == 7


def test_one_look_ahead_after_the_other_finishes_the_work(monkeypatch):
    monkeypatch.setattr(sweep, "LOOK_AHEAD", 2)
    for _ in range(5):
        make_overdue_subscription(now=NOW)
    assert len(sweep_at(NOW, limit=1).disabled) == 5


def test_a_sweep_that_finds_nobody_due_takes_three_statements(django_assert_num_queries):
    make_subscription()
    with django_assert_num_queries(3):
        sweep_at(NOW)
    run = SweepRun.objects.get()
    assert (run.status, run.looked_at, run.disabled) == ("done", 0, 0)
    assert run.ended_at


def test_e14_a_held_run_lapses_when_nobody_is_due_any_more():
    held = SweepRun.objects.create(as_of=NOW, status="held", active=1)
    assert sweep_at(NOW).held is None
    held.refresh_from_db()
    assert held.status == "lapsed"


def test_the_log_names_customers_by_code_only(caplog):
    customer = make_customer(name="Private Person", phone="555 0100", address="Hidden Street 1")
    make_overdue_subscription(customer=customer, now=NOW)
    with caplog.at_level("INFO", logger="billing"):
        sweep_at(NOW)
    assert f"1 subscriptions disabled: {customer.code}" in caplog.text
    assert not any(secret in caplog.text for secret in ("Private", "555", "Hidden", "login"))


def test_one_bad_row_is_set_aside_and_the_others_are_cut(caplog):
    good = [make_overdue_subscription(now=NOW) for _ in range(3)]
    bad = make_overdue_subscription(now=NOW)
    Block.objects.create(subscription=bad, reason="unpaid", opened_at=NOW)  # contradicts access that is on
    result = sweep_at(NOW)
    assert len(result.disabled) == 3
    assert list(result.set_aside) == [bad.pk]
    assert not any(access_of(subscription).is_on for subscription in good)
    assert "set aside, not disabled" in caplog.text


def test_e1_a_cut_off_that_no_unpaid_bill_explains_is_set_aside():
    subscription = make_subscription()
    AccessState.objects.filter(pk=subscription.pk).update(cut_off_at=at("2026-01-01"))
    assert list(sweep_at(NOW).set_aside) == [subscription.pk]
    assert access_of(subscription).is_on


def test_e6_a_payment_leaves_the_manual_block():
    subscription = make_overdue_subscription(now=NOW)
    sweep_at(NOW)
    access.disable(subscription=subscription, now=NOW, note="moved away")
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=NOW)
    assert not access_of(subscription).is_on
    assert access.open_reasons([subscription.pk]) == {subscription.pk: ["manual"]}
    access.restore(subscription=subscription, now=NOW)
    assert access_of(subscription).is_on


def test_e6_taking_back_a_manual_block_leaves_the_unpaid_one():
    subscription = make_overdue_subscription(now=NOW)
    sweep_at(NOW)
    access.disable(subscription=subscription, now=NOW)
    access.restore(subscription=subscription, now=NOW)
    assert not access_of(subscription).is_on


def test_a_blocked_subscription_that_fell_due_meanwhile_goes_straight_over_into_unpaid():
    subscription = make_overdue_subscription(now=NOW)
    access.disable(subscription=subscription, now=at("2026-06-01"))
    assert sweep_at(NOW).disabled == []
    access.restore(subscription=subscription, now=NOW)
    assert not access_of(subscription).is_on
    assert access.open_reasons([subscription.pk]) == {subscription.pk: ["unpaid"]}
    assert not AccessEvent.objects.filter(is_on=True, was_on=False).exists()
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=NOW)
    assert access_of(subscription).is_on


def test_disabling_and_restoring_twice_changes_nothing_more():
    subscription = make_subscription()
    assert [access.disable(subscription=subscription, now=NOW) for _ in range(2)] == [True, False]
    assert [access.restore(subscription=subscription, now=NOW) for _ in range(2)] == [True, False]
    assert AccessEvent.objects.count() == 2
    assert access_of(subscription).version == 2


def test_e1_nobody_disables_as_unpaid_by_hand():
    subscription = make_subscription()
    for service in (access.disable, access.restore):
        with pytest.raises(Refused):
            service(subscription=subscription, now=NOW, reason="unpaid")
