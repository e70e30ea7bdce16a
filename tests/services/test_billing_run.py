"""The billing run: what is due is billed once, whole customers at a time (rules T6, B1, B2, B4, B5, B6, B9, M4, M6)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Bill, BillingState, BillLine, NumberSeries, Plan, TaxRate
from billing.rules.errors import Refused
from billing.services import billing_run, discounts, items, payments, sweep
from tests.builders import access_of, at, make_customer, make_plan, make_subscription

pytestmark = pytest.mark.django_db


def run(day, **changes):
    return billing_run.generate(now=at(day), **{"limit": 500, **changes})


def periods(subscription):
    lines = BillLine.objects.filter(subscription=subscription).order_by("period")
    return [f"{line.period.lower} {line.period.upper}" for line in lines]


def days_of_bills():
    return [str(day) for day in Bill.objects.order_by("sequence").values_list("issued_on", flat=True)]


# --- Once, and nothing skipped --------------------------------------------------------------
def test_b1_running_again_changes_nothing():
    subscriptions = [make_subscription() for _ in range(3)]
    first = run("2026-01-01")
    assert (first.bills, first.total, first.set_aside, first.locked) == (3, 60, {}, [])
    assert first.summary == "3 bills issued, 60.00 USD in all"
    states = list(BillingState.objects.order_by("pk").values())
    for day in ("2026-01-01", "2026-01-31T23:59:59"):
        again = run(day)
        assert (again.bills, again.total) == (0, 0)
    assert again.summary == "0 bills issued, 0.00 USD in all"
    assert list(BillingState.objects.order_by("pk").values()) == states
    assert NumberSeries.objects.get(key="bill").last_value == 3
    assert all(periods(subscription) == ["2026-01-01 2026-02-01"] for subscription in subscriptions)


def test_t6_after_an_outage_of_five_periods_five_bills_come_rightly_dated_once():
    subscription = make_subscription(starts_on=date(2026, 1, 31), plan=make_plan(bills_while_unpaid=True))
    assert run("2026-05-31").bills == 5
    assert periods(subscription) == [
        "2026-01-31 2026-02-28",
        "2026-02-28 2026-03-31",
        "2026-03-31 2026-04-30",
        "2026-04-30 2026-05-31",
        "2026-05-31 2026-06-30",
    ]
    assert days_of_bills() == ["2026-05-31"] * 5
    assert run("2026-05-31").bills == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_t6_different_rhythms_are_all_caught_up_in_one_run_whatever_the_size_of_a_batch(limit):
    """A daily subscription moves on within the days that lie between the others' dates."""
    starts = {"day": date(2026, 1, 12), "week": date(2026, 1, 2), "month": date(2026, 1, 3)}
    made = {
        unit: make_subscription(plan=make_plan(interval_unit=unit), starts_on=first) for unit, first in starts.items()
    }
    assert run("2026-02-15", limit=limit).set_aside == {}
    assert {unit: len(periods(one)) for unit, one in made.items()} == {"day": 35, "week": 7, "month": 2}


def test_through_an_earlier_day_bills_only_what_was_due_then():
    subscription = make_subscription()
    assert run("2026-03-15", through=date(2026, 2, 1)).bills == 2
    assert periods(subscription) == ["2026-01-01 2026-02-01", "2026-02-01 2026-03-01"]
    assert days_of_bills() == ["2026-03-15"] * 2
    assert run("2026-03-15").bills == 1


def test_a_day_in_the_future_is_refused():
    make_subscription()
    with pytest.raises(Refused, match="2026-01-02 is in the future.*dry run"):
        run("2026-01-01", through=date(2026, 1, 2))
    assert not Bill.objects.exists()


def test_t1_what_is_due_is_judged_in_the_installations_zone(settings):
    settings.TIME_ZONE = "America/Bogota"  # five hours behind UTC
    make_subscription(starts_on=date(2026, 3, 1), now=at("2026-02-01"))
    assert run("2026-03-01T04:59:59").bills == 0
    assert run("2026-03-01T05:00").bills == 1
    assert run("2026-03-02T05:00").bills == 0


# --- When -----------------------------------------------------------------------------------
def test_b2_lead_days_before_the_period_in_advance_and_at_its_end_in_arrears():
    early = make_subscription(plan=make_plan(lead_days=7), starts_on=date(2026, 3, 10), now=at("2026-03-01"))
    late = make_subscription(plan=make_plan(mode=Plan.Mode.POSTPAID), starts_on=date(2026, 3, 10), now=at("2026-03-01"))
    for day, expected in (("2026-03-02", 0), ("2026-03-03", 1), ("2026-04-02", 1), ("2026-04-03", 2)):
        run(day)
        assert len(periods(early)) == expected
    assert periods(late) == []
    run("2026-04-09")
    assert periods(late) == []
    run("2026-04-10")
    assert periods(late) == ["2026-03-10 2026-04-10"]


def test_l4_a_renewal_bill_is_due_on_the_last_paid_day():
    subscription = make_subscription(
        plan=make_plan(lead_days=5, due_days=None), starts_on=date(2026, 3, 10), now=at("2026-03-10")
    )
    run("2026-03-10")
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=at("2026-03-10"))
    run("2026-04-05")
    bill = Bill.objects.get(status="open")
    assert (bill.issued_on, bill.due_on) == (date(2026, 4, 5), date(2026, 4, 9))
    assert access_of(subscription).cut_off_at == at("2026-04-10")


# --- One bill for a customer ----------------------------------------------------------------
def test_b4_all_subscriptions_of_a_customer_due_on_the_same_date_are_on_one_bill():
    customer = make_customer()
    same = [make_subscription(customer=customer, plan=make_plan(due_days=days)) for days in (10, 14)]
    other = make_subscription(customer=customer, starts_on=date(2026, 1, 3))
    run("2026-01-05")
    together, alone = Bill.objects.order_by("sequence")
    assert [line.subscription for line in together.lines.all()] == same
    assert (together.total, together.due_on) == (40, date(2026, 1, 19))
    assert [line.subscription for line in alone.lines.all()] == [other]


def test_b4_a_customer_may_have_a_bill_per_subscription():
    customer = make_customer()
    type(customer).objects.filter(pk=customer.pk).update(bill_per_subscription=True)
    made = [make_subscription(customer=customer) for _ in range(3)]
    items.add(customer=customer, description="Router", amount=Decimal("49.90"), now=at("2026-01-01"))
    run("2026-01-01")
    bills = list(Bill.objects.order_by("sequence"))
    assert [bill.lines.filter(kind="recurring").get().subscription for bill in bills] == made
    assert [bill.total for bill in bills] == [Decimal("69.90"), 20, 20]


def test_b4_items_that_wait_come_along_once():
    subscription = make_subscription()
    items.add(customer=subscription.customer, description="Installation", amount=Decimal(35), now=at("2026-01-01"))
    gone = items.add(customer=subscription.customer, description="Cable", amount=Decimal(5), now=at("2026-01-01"))
    items.withdraw(item=gone, now=at("2026-01-01"))
    run("2026-01-01")
    run("2026-02-01")
    first, second = Bill.objects.order_by("sequence")
    assert [(line.kind, line.amount) for line in first.lines.all()] == [("recurring", 20), ("item", 35)]
    assert second.total == 20


# --- Prices, discounts, taxes ---------------------------------------------------------------
def test_b5_a_later_price_touches_later_periods_only():
    subscription = make_subscription(plan=make_plan(bills_while_unpaid=True))
    run("2026-01-01")
    Plan.objects.filter(pk=subscription.plan_id).update(price=Decimal(25))
    run("2026-02-01")
    assert [bill.total for bill in Bill.objects.order_by("sequence")] == [20, 25]


def test_b5_discounts_count_from_and_to_their_days():
    subscription = make_subscription(plan=make_plan(bills_while_unpaid=True))
    discounts.give(
        subscription=subscription,
        description="Welcome",
        percent=Decimal(50),
        starts_on=date(2026, 2, 1),
        ends_on=date(2026, 3, 1),
        now=at("2026-01-01"),
    )
    discounts.give(
        subscription=subscription,
        description="Friend",
        fixed=Decimal(3),
        starts_on=date(2026, 1, 1),
        now=at("2026-01-01"),
    )
    run("2026-03-01")
    lines = BillLine.objects.order_by("period")
    assert [(line.price, line.discount, line.amount) for line in lines] == [(20, 3, 17), (20, 13, 7), (20, 3, 17)]


def test_b6_a_zero_price_bills_its_period_and_asks_for_nothing():
    subscription = make_subscription(plan=make_plan(price=Decimal(0)))
    assert run("2026-02-01").bills == 2
    assert {(bill.status, bill.total) for bill in Bill.objects.all()} == {("paid", 0)}
    assert access_of(subscription).cut_off_at is None
    assert BillingState.objects.get().billed_until == date(2026, 3, 1)


def test_m4_inclusive_exclusive_and_untaxed_lines_stand_on_one_bill():
    customer = make_customer()
    added = TaxRate.objects.create(name="VAT 20%", percent=Decimal(20))
    contained = TaxRate.objects.create(name="GST 10% incl.", percent=Decimal(10), inclusive=True)
    for rate in (added, contained, None, added):
        make_subscription(customer=customer, plan=make_plan(price=Decimal("9.99"), tax_rate=rate))
    items.add(customer=customer, description="Router", amount=Decimal("1.01"), tax_rate=contained, now=at("2026-01-01"))
    run("2026-01-01")
    bill = Bill.objects.get()
    taxes = {tax.name: (tax.base, tax.tax) for tax in bill.taxes.all()}
    # 9.99 + 9.99 = 19.98, of which 20 % are 4.00; 9.99 + 1.01 = 11.00, of which 1.00 is tax
    assert taxes == {"VAT 20%": (Decimal("19.98"), 4), "GST 10% incl.": (10, 1)}
    assert (bill.net, bill.tax, bill.total) == (Decimal("39.97"), 5, Decimal("44.97"))


# --- Credit and blocks ----------------------------------------------------------------------
def test_m6_credit_pays_at_issue_the_oldest_period_first():
    subscription = make_subscription(plan=make_plan(bills_while_unpaid=True))
    payments.receive(customer=subscription.customer, amount=Decimal(50), method="cash", now=at("2026-01-01"))
    run("2026-03-01")
    assert [(bill.status, bill.outstanding) for bill in Bill.objects.order_by("sequence")] == [
        ("paid", 0),
        ("paid", 0),
        ("open", 10),
    ]
    assert access_of(subscription).cut_off_at == at("2026-03-16")


def cut(day):
    return len(sweep.disable_due(now=at(day), limit=500).disabled)


def test_b9_unpaid_prepaid_is_not_billed_meanwhile_and_never_later():
    subscription = make_subscription()
    run("2026-01-01")
    assert cut("2026-01-16") == 1
    for day in ("2026-02-01", "2026-03-01"):
        assert run(day).bills == 0
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=at("2026-03-10"))
    run("2026-03-10")
    run("2026-04-01")
    assert periods(subscription) == ["2026-01-01 2026-02-01", "2026-03-10 2026-04-01", "2026-04-01 2026-05-01"]
    [unbilled] = subscription.unbilled_days.all()
    assert (unbilled.first_day, unbilled.end_day) == (date(2026, 2, 1), date(2026, 3, 10))
    # 22 of 31 days of 20.00
    assert BillLine.objects.get(period__startswith=date(2026, 3, 10)).amount == Decimal("14.19")


def test_b9_unpaid_postpaid_goes_on():
    subscription = make_subscription(plan=make_plan(mode=Plan.Mode.POSTPAID))
    run("2026-02-01")
    assert cut("2026-02-16") == 1
    run("2026-03-01")
    assert periods(subscription) == ["2026-01-01 2026-02-01", "2026-02-01 2026-03-01"]


def test_an_ended_subscription_is_billed_to_its_end():
    subscription = make_subscription(ends_on=date(2026, 2, 15))
    assert run("2026-06-01").bills == 2
    assert periods(subscription) == ["2026-01-01 2026-02-01", "2026-02-01 2026-02-15"]
    assert BillingState.objects.get().bill_on is None
