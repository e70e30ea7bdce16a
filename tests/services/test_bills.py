"""Issue bills (rules T6, M6, M10, M11, B1, B3)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Bill, BillingState, Customer, NumberSeries, Plan
from billing.rules.errors import Refused
from billing.services import bills, payments
from tests.builders import access_of, at, issue_due, issue_next, make_customer, make_plan, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


def test_b3_a_bill_issued_on_the_1st_cuts_from_the_16th():
    subscription = make_subscription(starts_on=date(2026, 3, 1))
    bill = issue_next(subscription, now=at("2026-03-01T09:30"))
    assert (bill.status, bill.total, bill.issued_on, bill.due_on) == ("open", 20, date(2026, 3, 1), date(2026, 3, 15))
    assert access_of(subscription).cut_off_at == at("2026-03-16")


def test_b3_the_plans_own_days_win_over_the_installations(settings):
    settings.DUE_DAYS, settings.GRACE_DAYS = 3, 1
    inherits, own = make_plan(due_days=None), make_plan(due_days=10, grace_days=5)
    now = at("2026-03-01")
    for plan, cut_off in ((inherits, "2026-03-06"), (own, "2026-03-17")):
        subscription = make_subscription(plan=plan, starts_on=date(2026, 3, 1))
        issue_next(subscription, now=now)
        assert access_of(subscription).cut_off_at == at(cut_off)


def test_t1_business_dates_are_dates_in_the_installations_zone(settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    subscription = make_subscription(starts_on=date(2026, 3, 1))
    bill = issue_next(subscription, now=at("2026-03-01T20:00"))
    assert bill.issued_on == date(2026, 3, 2)
    assert access_of(subscription).cut_off_at == at("2026-03-16T18:00")


def test_b1_issuing_the_same_period_again_gives_the_same_bill():
    subscription = make_subscription()
    first = issue_next(subscription, now=at("2026-01-01"))
    again = bills.issue_period(subscription=subscription, start=date(2026, 1, 1), now=at("2026-01-02"))
    assert again == first
    assert Bill.objects.count() == 1


def test_b1_no_period_is_skipped():
    subscription = make_subscription()
    with pytest.raises(Refused, match="period from Jan. 1, 2026 .* comes first"):
        bills.issue_period(subscription=subscription, start=date(2026, 2, 1), now=at("2026-01-01"))
    assert not Bill.objects.exists()


def test_t6_after_an_outage_of_three_periods_three_bills_come_rightly_dated_once():
    subscription = make_subscription(starts_on=date(2026, 1, 31))
    issued = issue_due(subscription, now=at("2026-04-01"))
    periods = [bill.lines.get().period for bill in issued]
    assert [(str(period.lower), str(period.upper)) for period in periods] == [
        ("2026-01-31", "2026-02-28"),
        ("2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-04-30"),
    ]
    assert issue_due(subscription, now=at("2026-04-01")) == []


def test_a_postpaid_period_is_billed_when_it_is_over():
    subscription = make_subscription(plan=make_plan(mode=Plan.Mode.POSTPAID))
    with pytest.raises(Refused, match="in arrears.*Feb. 1, 2026"):
        issue_next(subscription, now=at("2026-01-31T23:59:59"))
    assert issue_due(subscription, now=at("2026-01-31T23:59:59")) == []
    assert len(issue_due(subscription, now=at("2026-02-01"))) == 1


def test_m3_the_first_part_of_a_calendar_plan_costs_its_share():
    subscription = make_subscription(
        plan=make_plan(price=Decimal("10.00"), billing_day=1), starts_on=date(2022, 12, 15)
    )
    bill = issue_next(subscription, now=at("2022-12-15"))
    assert bill.total == Decimal("5.48")
    assert bill.lines.get().price == 10


def test_an_ended_subscription_is_billed_to_its_end_and_no_further():
    subscription = make_subscription(ends_on=date(2026, 2, 15))
    issued = issue_due(subscription, now=at("2026-06-01"))
    assert [bill.total for bill in issued] == [20, Decimal("10.00")]
    with pytest.raises(Refused, match="ends on Feb. 15, 2026"):
        issue_next(subscription, now=at("2026-06-01"))


def test_m6_credit_pays_the_next_bill_when_it_is_issued():
    subscription = make_subscription()
    payments.receive(customer=subscription.customer, amount=Decimal(30), method="cash", now=at("2026-01-01"))
    first = issue_next(subscription, now=at("2026-01-01"))
    second = issue_next(subscription, now=at("2026-02-01"))
    assert (first.status, second.status, second.outstanding) == ("paid", "open", 10)
    assert access_of(subscription).cut_off_at == at("2026-02-16")


def test_e1_a_bill_of_zero_is_paid_at_once_and_cuts_nobody():
    subscription = make_subscription(plan=make_plan(price=Decimal(0)))
    bill = issue_next(subscription, now=at("2026-01-01"))
    assert bill.status == "paid"
    assert access_of(subscription).cut_off_at is None


def test_m10_numbers_have_no_gap_when_a_bill_is_rolled_back(monkeypatch):
    good, bad = make_subscription(), make_subscription()
    issue_next(good, now=at("2026-01-01"))

    def fails(*args, **kwargs):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("billing.services.settlement.settle", fails)
        with pytest.raises(RuntimeError):
            issue_next(bad, now=at("2026-01-01"))
    issue_next(bad, now=at("2026-01-01"))
    assert list(Bill.objects.order_by("sequence").values_list("number", flat=True)) == ["B000001", "B000002"]
    assert NumberSeries.objects.get(key="bill").last_value == 2


def test_m11_the_customers_data_on_a_bill_is_a_frozen_copy():
    subscription = make_subscription(customer=make_customer(name="Old name", address="Old street"))
    bill = issue_next(subscription, now=at("2026-01-01"))
    Customer.objects.filter(pk=subscription.customer_id).update(name="New name", address="New street")
    bill.refresh_from_db()
    assert (bill.customer_name, bill.customer_address) == ("Old name", "Old street")


def test_m11_a_later_price_leaves_issued_bills_alone():
    subscription = make_subscription()
    bill = issue_next(subscription, now=at("2026-01-01"))
    Plan.objects.filter(pk=subscription.plan_id).update(price=Decimal(99))
    bill.refresh_from_db()
    assert (bill.total, bill.lines.get().price) == (20, 20)


def test_an_archived_customer_is_not_billed():
    subscription = make_subscription()
    Customer.objects.filter(pk=subscription.customer_id).update(archived_at=at("2026-01-01"))
    with pytest.raises(Refused, match="archived"):
        issue_next(subscription, now=at("2026-01-01"))
    assert BillingState.objects.get(pk=subscription.pk).billed_until == date(2026, 1, 1)
