"""The billing run and what it cannot bill: poisoned rows, bounds, archived and locked customers (rules B4, B7, B8)."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.psycopg_any import DateRange

from billing.models import Bill, BillingState, BillLine, Customer, Item, NumberSeries, Plan, TaxRate
from billing.services import billing_run, bills, due_bills
from billing.services.outlook import Outlook
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription

pytestmark = pytest.mark.django_db

NOW = at("2026-01-01T06:00")


def run(day="2026-01-01", **changes):
    return billing_run.generate(now=at(day), **{"limit": 500, **changes})


def too_dear():
    """A plan whose price with its tax does not fit into an amount of money."""
    tax, _ = TaxRate.objects.get_or_create(name="VAT 20%", percent=Decimal(20))
    return make_plan(price=Decimal("99999999999"), tax_rate=tax)


def bill_a_day_by_hand(subscription, day):
    """Break the chain: a day from which on nothing is billed yet is on an issued bill."""
    bill = issue_next(subscription, now=NOW)
    BillingState.objects.filter(pk=subscription.pk).update(billed_until=day, bill_on=day)
    return bill


def review_of(subscription):
    return BillingState.objects.get(pk=subscription.pk).review


def numbers():
    return list(Bill.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.parametrize("limit", [4, 500])
def test_b7_the_bad_are_set_aside_with_their_error_and_all_others_are_billed(limit, caplog):
    good = [make_subscription() for _ in range(10)]
    dear = make_subscription(plan=too_dear())
    twice = make_subscription()
    bill_a_day_by_hand(twice, date(2026, 1, 1))
    broken = make_subscription()
    Plan.objects.filter(pk=broken.plan_id).update(interval_count=30_000, interval_unit="year")
    result = run(limit=limit)
    assert (result.bills, result.total) == (10, 200)
    assert set(result.set_aside) == {dear.pk, twice.pk, broken.pk}
    assert "The amount is too large" in review_of(dear)
    assert "on another bill already" in review_of(twice)
    assert review_of(broken)
    assert result.summary.startswith("10 bills issued, 200.00 USD in all; 3 subscriptions set aside: ")
    assert f"Subscription {dear.pk} is set aside, not billed: The amount is too large" in caplog.text
    assert BillLine.objects.filter(subscription__in=good).count() == 10
    assert numbers() == list(range(1, 12))
    assert set(BillingState.objects.exclude(review="").values_list("review_since", flat=True)) == {at("2026-01-01")}


def test_b7_of_one_customer_the_good_subscriptions_are_still_on_one_bill():
    customer, other = make_customer(), make_customer()
    good = [make_subscription(customer=customer) for _ in range(2)]
    bad = make_subscription(customer=customer, plan=too_dear())
    others = [make_subscription(customer=other) for _ in range(2)]
    assert set(run().set_aside) == {bad.pk}
    billed = [[line.subscription for line in bill.lines.order_by("pk")] for bill in Bill.objects.order_by("pk")]
    assert billed == [good, others]


def test_b7_an_item_that_cannot_be_billed_sets_the_customers_subscriptions_aside():
    customer = make_customer()
    made = [make_subscription(customer=customer) for _ in range(2)]
    for _ in range(2):
        Item.objects.create(customer=customer, description="Typo", amount=Decimal("99999999999"), created_at=NOW)
    assert set(run().set_aside) == {subscription.pk for subscription in made}
    assert "items that wait" in review_of(made[0])
    assert not Bill.objects.exists()


def test_b7_bills_that_fail_only_together_set_all_of_the_customer_aside():
    customer = make_customer()
    made = [make_subscription(customer=customer, plan=make_plan(price=Decimal("60000000000"))) for _ in range(2)]
    assert set(run().set_aside) == {subscription.pk for subscription in made}
    assert run().set_aside == {}


def test_b7_what_is_set_aside_waits_until_staff_try_again():
    bad = make_subscription(plan=too_dear())
    run()
    assert run("2026-02-01").set_aside == {}
    again = billing_run.try_again(subscription_ids=[bad.pk], now=at("2026-02-01"))
    assert set(again.set_aside) == {bad.pk}
    Plan.objects.filter(pk=bad.plan_id).update(price=Decimal(20))
    healed = billing_run.try_again(subscription_ids=[bad.pk], now=at("2026-02-01"))
    assert (healed.bills, healed.total, healed.set_aside) == (2, 48, {})
    state = BillingState.objects.get()
    assert (state.review, state.review_since, state.billed_until) == ("", None, date(2026, 3, 1))


def test_trying_again_bills_nobody_else_and_names_who_did_it(django_user_model):
    chief = django_user_model.objects.create_user("chief")
    bad, waiting = make_subscription(), make_subscription()
    BillingState.objects.filter(pk=bad.pk).update(review="It was bad", review_since=NOW)
    result = billing_run.try_again(subscription_ids=[bad.pk, waiting.pk], now=NOW, by=chief)
    assert result.bills == 1
    bill = Bill.objects.get()
    assert (bill.lines.get().subscription, bill.issued_by) == (bad, chief)


def test_an_unexpected_error_is_named_by_its_kind(monkeypatch):
    subscription = make_subscription()

    def fails(*args):
        raise KeyError

    monkeypatch.setattr(Outlook, "propose", fails)
    assert run().set_aside == {subscription.pk: "KeyError"}


def test_an_outage_of_the_database_is_no_fault_of_a_subscription(monkeypatch):
    make_subscription()

    def fails(*args, **kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(bills, "issue", fails)
        with pytest.raises(OperationalError):
            run()
    assert not BillingState.objects.exclude(review="").exists()
    assert run().bills == 1


# --- Bounds ---------------------------------------------------------------------------------
def test_b8_of_36_periods_all_are_billed():
    make_subscription(starts_on=date(2023, 2, 1), plan=make_plan(bills_while_unpaid=True))
    assert run("2026-01-31").bills == 36


def test_b8_more_than_36_periods_are_not_billed_but_reviewed():
    subscription, good = make_subscription(starts_on=date(2023, 1, 1)), make_subscription()
    result = run("2026-01-01")
    assert result.bills == 1
    assert set(result.set_aside) == {subscription.pk}
    assert "More than 36 periods are due, the first from Jan. 1, 2023 on" in review_of(subscription)
    assert Bill.objects.get().lines.get().subscription == good


def test_b8_after_the_oldest_are_billed_by_hand_the_run_bills_the_rest():
    subscription = make_subscription(starts_on=date(2023, 1, 1))
    run("2026-01-01")
    issue_next(subscription, now=at("2026-01-01"))
    assert run("2026-01-01").bills == 36


# --- Archived and locked customers ----------------------------------------------------------
def test_an_archived_customer_is_not_billed_but_reviewed():
    subscription = make_subscription()
    Customer.objects.filter(pk=subscription.customer_id).update(archived_at=NOW)
    result = run()
    assert (result.bills, list(result.set_aside)) == (0, [subscription.pk])
    assert "Bring the customer back" in review_of(subscription)


@contextmanager
def locked(customer):
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM billing_customer WHERE id = %s FOR UPDATE", [customer.pk])
        yield other
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_a_locked_customer_is_skipped_and_done_at_the_end(monkeypatch):
    first, second, third = (make_subscription() for _ in range(3))
    passes = []
    batches = due_bills.batches

    with locked(second.customer) as other:

        def free_before_the_second_pass(day, limit, customers):
            passes.append(limit)
            if len(passes) == 2:
                assert set(BillLine.objects.values_list("subscription", flat=True)) == {first.pk, third.pk}
                other.rollback()
            return batches(day, limit, customers)

        monkeypatch.setattr(due_bills, "batches", free_before_the_second_pass)
        result = run()
    assert (result.bills, result.locked, passes) == (3, [], [500, 1])


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_stays_locked_is_left_to_the_next_run(monkeypatch):
    monkeypatch.setattr(billing_run, "LOCK_WAIT", 0.05)
    free, held = make_subscription(), make_subscription()
    with locked(held.customer):
        result = run()
    assert (result.bills, result.locked) == (1, [held.customer_id])
    assert result.summary.endswith("1 customer locked and left to the next run")
    assert run().bills == 1
    assert NumberSeries.objects.get(key="bill").last_value == 2
    assert BillLine.objects.filter(subscription=free, period=DateRange(date(2026, 1, 1), date(2026, 2, 1))).exists()
