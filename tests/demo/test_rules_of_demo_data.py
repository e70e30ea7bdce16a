"""The demo's SQL says the same as the rules, which are written in Python."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from billing.demo import loader
from billing.models import (
    AccessState,
    Bill,
    BillingState,
    BillLine,
    CreditNote,
    LedgerEntry,
    NumberSeries,
    Payment,
    Plan,
    Subscription,
)
from billing.rules import access, discounts, tax
from billing.rules.errors import Refused
from billing.rules.periods import Interval, Schedule, Unit
from billing.services import clock
from billing.services.outlook import Outlook
from tests.builders import at, issue_next

INSTALLATIONS = [
    {"now": "2026-11-23T12:00"},
    # In Havana the clock goes back from 01:00 to 00:00 on 1 November: midnight comes twice.
    {"now": "2026-11-14T05:30", "TIME_ZONE": "America/Havana", "CURRENCY": "BHD"},
    # In Beirut it goes from 00:00 to 01:00 on 28 March: midnight is left out.
    {"now": "2027-03-30T21:30", "TIME_ZONE": "Asia/Beirut", "CURRENCY": "JPY", "DUE_DAYS": 2},
    {"now": "2028-02-29T00:00:01", "DUE_DAYS": 0, "GRACE_DAYS": 3},
    {"now": "2028-03-31T23:59", "TIME_ZONE": "Pacific/Apia", "DUE_DAYS": 60},
]


@pytest.fixture(
    params=[
        pytest.param(installation, id=installation["now"], marks=() if place < 2 else pytest.mark.heavy)
        for place, installation in enumerate(INSTALLATIONS)
    ]
)
def now(request, load, settings):
    for name, value in request.param.items():
        if name != "now":
            setattr(settings, name, value)
    return load(120, now=at(request.param["now"]))


def expected(subscription, number, settings):
    """What issue_period would have written on the very day on which the period became due for billing."""
    plan, period = subscription.plan, subscription.schedule.period(number)
    issued_on = period.end if plan.mode == Plan.Mode.POSTPAID else period.start
    due_on = access.due_on(issued_on, settings.DUE_DAYS if plan.due_days is None else plan.due_days)
    grace_days = settings.GRACE_DAYS if plan.grace_days is None else plan.grace_days
    given = [
        discount.rule
        for discount in subscription.discounts.all()
        if discount.starts_on <= period.start and (discount.ends_on is None or period.start < discount.ends_on)
    ]
    currency = settings.CURRENCY
    return (
        (period.start, period.end),
        (issued_on, due_on, access.cut_off_at(due_on, grace_days, ZoneInfo(settings.TIME_ZONE))),
        (plan, plan.price, discounts.for_slice(plan.price, given, period, currency)),
        discounts.charged(plan.price, given, period, currency),
        f"{plan.name}, {subscription.login}, {period.start} to {period.last_day}",
    )


def written(line):
    return (
        (line.period.lower, line.period.upper),
        (line.bill.issued_on, line.bill.due_on, line.cut_off_at),
        (line.plan, line.price, line.discount),
        line.amount,
        line.description,
    )


def test_every_period_is_billed_as_the_rules_say(now, settings):
    recurring = BillLine.objects.filter(kind="recurring").select_related("bill", "plan").order_by("period")
    lines = {}
    for line in recurring:
        lines.setdefault(line.subscription_id, []).append(line)
    for subscription in Subscription.objects.select_related("plan").prefetch_related("discounts"):
        billed = lines.get(subscription.pk, [])
        assert [written(line) for line in billed] == [
            expected(subscription, number, settings) for number in range(len(billed))
        ]
        assert all(line.billed_days == line.period for line in billed)
    assert BillLine.objects.filter(discount__gt=0)
    assert set(Plan.objects.filter(subscriptions__isnull=False).values_list("code", flat=True)) >= {
        "home-20", "business-100", "campus-50", "weekly-10", "yearly-20",
    }  # fmt: skip


def test_every_next_bill_is_due_when_the_outlook_says(now):
    states = BillingState.objects.all()
    outlook = Outlook([state.pk for state in states])
    for state in states:
        assert state.bill_on == outlook.bill_on(state.pk, state.billed_until)
        assert state.bill_on is None or state.bill_on > clock.local_date(now)
        assert (state.bill_on is None) == state.subscription.holds.exists()


def test_every_tax_is_that_of_the_rules(now, settings):
    for bill in Bill.objects.prefetch_related("lines", "taxes"):
        lines = [
            (line.amount, tax.Rate(line.tax_name, line.tax_percent, line.tax_inclusive) if line.tax_name else None)
            for line in bill.lines.all()
        ]
        totals = tax.totals(lines, settings.CURRENCY)
        assert (bill.net, bill.tax, bill.total) == (totals.net, totals.tax, totals.total)
        assert [(part.name, part.base, part.tax) for part in bill.taxes.all()] == [
            (part.rate.name, part.base, part.tax) for part in totals.taxes
        ]
    assert Bill.objects.filter(tax__gt=0)


def test_documents_carry_their_numbers_their_seller_and_their_local_day(now, settings):
    series = NumberSeries.objects.in_bulk()
    for key, document in [("bill", Bill), ("credit note", CreditNote)]:
        for row in document.objects.all():
            assert row.number == series[key].formatted(row.sequence, row.issued_on)
            assert row.issued_on == clock.local_date(row.issued_at)
            assert row.seller_name == settings.COMPANY_NAME
    for payment in Payment.objects.all():
        assert payment.number == series["receipt"].formatted(payment.sequence, payment.received_on)
        assert payment.received_on == clock.local_date(payment.received_at)


def test_the_ledger_books_each_document_on_its_day(now):
    booked = set(LedgerEntry.objects.values_list("kind", "customer", "booked_on", "booked_at", "amount"))
    bills = Bill.objects.values_list("customer", "issued_on", "issued_at", "total")
    notes = CreditNote.objects.values_list("customer", "issued_on", "issued_at", "total")
    payments = Payment.objects.values_list("customer", "received_on", "received_at", "amount")
    assert booked == {
        *(("bill", *bill) for bill in bills),
        *(("credit note", *note, -total) for *note, total in notes),
        *(("payment", *payment, -amount) for *payment, amount in payments),
    }
    assert notes


def test_dates_and_instants_agree_and_none_is_in_the_future(now):
    for bill in Bill.objects.all():
        assert clock.local_date(bill.issued_at) == bill.issued_on
        assert bill.issued_at <= now
    assert not Payment.objects.filter(received_at__gt=now).exists()
    for subscription in Subscription.objects.all():
        assert subscription.created_at <= now
        assert clock.local_date(subscription.created_at) == subscription.starts_on


def test_sixteen_of_two_hundred_customers_are_overdue(now):
    overdue = AccessState.objects.filter(is_on=True, cut_off_at__lte=now)
    customers = {subscription.customer_id for subscription in Subscription.objects.filter(access_state__in=overdue)}
    assert customers == {number for number in range(1, 121) if number * 37 % 200 < 16}


def test_whoever_can_still_pay_today_is_not_due(now):
    payable_today = Bill.objects.filter(status="open", due_on=clock.local_date(now))
    assert payable_today
    assert not AccessState.objects.filter(subscription__lines__bill__in=payable_today, cut_off_at__lte=now).exists()


@pytest.fixture
def billing_date(db):
    with connection.cursor() as cursor:
        cursor.execute((loader.SQL / "functions.sql").read_text())

        def ask(starts, months, days, billing_day, count):
            cursor.execute(
                """
                SELECT starts_on, array_agg(pg_temp.billing_date(starts_on, %s, %s, %s, n) ORDER BY n)
                FROM unnest(%s::date[]) AS starts_on, generate_series(0, %s) AS n GROUP BY starts_on
                """,
                [months, days, billing_day, starts, count],
            )
            return dict(cursor.fetchall())

        yield ask


MONTHS = [Interval(1, Unit.MONTH), Interval(3, Unit.MONTH), Interval(1, Unit.YEAR)]
DAYS = [Interval(1, Unit.WEEK), Interval(30, Unit.DAY)]


@pytest.mark.parametrize(
    ("interval", "billing_day"), [*product(MONTHS, [None, 1, 15, 28, 29, 30, 31]), *product(DAYS, [None])]
)
def test_the_periods_of_every_kind_of_plan_are_those_of_the_rules(billing_date, interval, billing_day):
    starts = [date(2023, 11, 1) + timedelta(days=offset) for offset in range(500)]
    days = 0 if interval.months else (interval.after(date.min, 1) - date.min).days
    dates = billing_date(starts, interval.months, days, billing_day, 15)
    for start in starts:
        schedule = Schedule(start, interval, billing_day)
        for n in range(15):
            period = schedule.period(n)
            assert max(dates[start][n], start) == period.start
            assert dates[start][n + 1] == period.end
            assert (dates[start][n + 1] - dates[start][n]).days == period.full_days


def test_the_demo_has_every_kind_of_payer(load):
    now = load()
    open_bills = Bill.objects.filter(status="open")
    assert open_bills.filter(due_on=clock.local_date(now)).count() >= 6
    assert open_bills.filter(allocated__gt=0, due_on__gte=clock.local_date(now)).count() == 6
    assert open_bills.filter(allocated__gt=0, due_on__lt=clock.local_date(now)).count() == 2
    assert sum(payment.credit > 0 for payment in Payment.objects.all()) == 6
    assert AccessState.objects.filter(is_on=False).count() == 4
    oldest = min(bill.due_on for bill in open_bills)
    assert clock.local_date(now) - oldest > timedelta(days=60)
    assert Bill.objects.filter(lines__kind="item", total__gt=Decimal(0)).exists()
    assert Subscription.objects.filter(plan__mode="postpaid").exists()


def test_a_postpaid_subscription_cannot_be_billed_before_its_period_is_over(load):
    now = load()
    subscription = Subscription.objects.select_related("plan").filter(plan__mode="postpaid").first()
    with pytest.raises(Refused, match="billed in arrears"):
        issue_next(subscription, now=now)
