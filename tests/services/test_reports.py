"""The figures of reports agree with the books to the cent (rule S8)."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import Area, FiguresCount, RunningMonth, TaxRate
from billing.services import books, change_run, credit_notes, deferrals, discounts, endings, items, plan_changes, sweep
from billing.services.reports import collections, counting, income, receivables, recurring, tax
from billing.services.reports.receivables import Open
from tests import figures
from tests.builders import at, issue_due, issue_next, make_customer, make_plan, make_subscription
from tests.histories import NOW, lively, pay

pytestmark = pytest.mark.django_db
MAY = date(2026, 5, 1), date(2026, 5, 31)
AGED = (  # due today, and 1, 30, 31, 60, 61, 90 and 91 days ago
    "2026-06-20", "2026-06-19", "2026-05-21", "2026-05-20", "2026-04-21", "2026-04-20", "2026-03-22", "2026-03-21",
)  # fmt: skip


def count(now=NOW):
    counting.refresh(now=now)


def test_every_figure_of_a_lively_half_year_agrees_with_its_documents():
    lively()
    figures.agree(NOW)
    books.require(books.verify(now=NOW))


def test_the_first_run_of_a_day_counts_everything_and_the_others_what_is_recent():
    customer = make_customer()
    pay(customer, "10", "2026-03-01")
    count(at("2026-05-05T00:10"))
    pay(customer, "5", "2026-03-02")
    pay(customer, "2", "2026-05-04")
    count(at("2026-05-05T00:20"))
    assert collections.total(date(2026, 1, 1), date(2026, 12, 31)).received == 12
    books.require(books.verify(now=at("2026-05-05T00:30")))
    count(at("2026-05-06T00:10"))
    books.require(books.verify(now=at("2026-05-06T00:30")))
    assert collections.total(date(2026, 1, 1), date(2026, 12, 31)).received == 17


def test_a_count_adds_what_was_booked_since_the_last_one(monkeypatch):
    """Each kind of document once, and a day that was counted is not read again."""
    rate = TaxRate.objects.create(name="VAT", percent=20)
    subscription = make_subscription(plan=make_plan(price="50", tax_rate=rate), starts_on=date(2026, 4, 1))
    first = issue_next(subscription, now=at("2026-05-05T08:00"))
    count(at("2026-05-05T08:10")), count(at("2026-05-05T08:20"))
    counted, later = [], at("2026-05-05T09:00")
    with monkeypatch.context() as patch:
        for part in (income, tax):
            patch.setattr(part, "count", lambda days: counted.append(days) or 0)
        issue_next(subscription, now=later)
        credit_notes.correct(bill=first, amounts={first.lines.get().pk: Decimal(20)}, reason="Slow", now=later)
        credit_notes.give(
            customer=subscription.customer, amount=Decimal(3), reason="Sorry", now=later, request_key=uuid4()
        )
        count(at("2026-05-05T09:10")), count(at("2026-05-05T09:20"))
    assert counted == []
    day = date(2026, 5, 5), date(2026, 5, 5)
    [earned] = income.by("month", *day)
    assert (earned.billed, earned.credited, earned.given_up) == (100, 20, 3)
    [taxed] = [row for row in tax.by_month(*day) if row.percent]
    assert (taxed.tax, taxed.tax_back) == (20, 4)
    figures.agree(at("2026-05-05T10:00"))


def test_an_entry_that_commits_late_has_its_day_counted_anew():
    subscription = make_subscription(plan=make_plan(price="50"), starts_on=date(2026, 4, 1))
    issue_next(subscription, now=at("2026-05-05T08:00"))
    count(at("2026-05-05T08:10")), count(at("2026-05-05T08:20"))
    entries, last = FiguresCount.objects.get().recent["2026-05-05"]
    FiguresCount.objects.update(recent={"2026-05-05": [entries, last + 1]})  # the next id was given, and is not there
    issue_next(subscription, now=at("2026-05-05T08:25"))
    count(at("2026-05-05T08:30"))
    assert income.by("month", date(2026, 5, 5), date(2026, 5, 5))[0].billed == 100


def test_money_is_told_by_day_method_staff_and_area(django_user_model):
    north, ann = Area.objects.create(name="North"), django_user_model.objects.create_user("ann")
    here, there = make_customer(area=north), make_customer()
    from billing.services import payments, reversals

    first = payments.receive(customer=here, amount=Decimal(30), method="cash", now=at("2026-05-04"), by=ann)
    payments.receive(customer=there, amount=Decimal(12), method="card", now=at("2026-05-05"))
    reversals.refund(source=first, amount=Decimal(10), method="bank", reason="Too much", now=at("2026-05-05"), by=ann)
    count()

    def told(what, **chosen):
        return {row.head: (row.payments, row.received, row.returned) for row in collections.by(what, *MAY, **chosen)}

    assert told("day") == {date(2026, 5, 4): (1, 30, 0), date(2026, 5, 5): (1, 12, 10)}
    assert told("method") == {"bank": (0, 0, 10), "card": (1, 12, 0), "cash": (1, 30, 0)}
    assert told("staff") == {"ann": (1, 30, 10), None: (1, 12, 0)}
    assert told("area") == {"North": (1, 30, 10), None: (1, 12, 0)}
    assert told("method", area=north) == {"bank": (0, 0, 10), "cash": (1, 30, 0)}
    assert told("area", method="card") == {None: (1, 12, 0)}
    assert collections.total(*MAY).net == 32


def test_m2_tax_that_is_inside_the_prices_is_split_over_the_plans_to_the_cent():
    rate = TaxRate.objects.create(name="GST", percent=Decimal("7.7"), inclusive=True)
    customer = make_customer()
    plans = [make_plan(name=name, price=price, tax_rate=rate) for name, price in (("A", "10.00"), ("B", "10.00"))]
    for plan in plans:
        make_subscription(customer=customer, plan=plan, starts_on=date(2026, 5, 1))
    from billing.services import billing_run

    billing_run.generate(now=at("2026-05-01T12:00"), limit=10)
    count()
    rows = income.by("plan", *MAY)
    assert [(row.head, row.net) for row in rows] == [("A", Decimal("9.28")), ("B", Decimal("9.29"))]
    [taxed] = tax.by_month(*MAY)
    assert (taxed.name, taxed.net_base, taxed.net_tax) == ("GST", Decimal("18.57"), Decimal("1.43"))


def test_income_is_less_what_was_voided_credited_and_given_up():
    rate = TaxRate.objects.create(name="VAT", percent=20, inclusive=False)
    subscription = make_subscription(plan=make_plan(name="Fast", price="50", tax_rate=rate), starts_on=date(2026, 4, 1))
    first, second = (issue_next(subscription, now=at(day)) for day in ("2026-04-01", "2026-05-01"))
    credit_notes.correct(bill=first, amounts={first.lines.get().pk: Decimal(20)}, reason="Slow", now=at("2026-05-02"))
    credit_notes.write_off(bill=second, reason="Gone", now=at("2026-05-03"))
    items.add(customer=subscription.customer, description="Cable", amount=Decimal(5), now=at("2026-05-04"))
    items.bill_now(customer=subscription.customer, now=at("2026-05-04"))
    count()
    april, may = income.by("month", date(2026, 4, 1), MAY[1])
    assert (april.head, april.net) == (date(2026, 4, 1), 50)
    assert (may.billed, may.credited, may.given_up, may.net) == (55, 20, 60, -25)
    assert [(row.head, row.net) for row in income.by("plan", *MAY)] == [("Fast", 30), (None, -55)]
    rates = {row.name: (row.base, row.tax, row.base_back, row.tax_back) for row in tax.by_month(*MAY)}
    assert rates == {"VAT": (50, 10, 20, 4), "": (5, 0, 0, 0)}


def test_the_ages_begin_on_the_day_after_the_due_date():
    today = date(2026, 6, 20)
    for due_on in (
        "2026-06-20",
        "2026-06-19",
        "2026-05-21",
        "2026-05-20",
        "2026-04-21",
        "2026-04-20",
        "2026-03-22",
        "2026-03-21",
    ):
        issued = date.fromisoformat(due_on)
        subscription = make_subscription(plan=make_plan(due_days=0), starts_on=issued)
        issue_next(subscription, now=at(due_on))
    count()
    assert [age.bills for age in receivables.by_age(today)] == [1, 2, 2, 2, 1]
    assert receivables.by_age(today)[1] == Open(2, Decimal(40))
    assert receivables.by_area(today) == {"": receivables.by_age(today)}
    assert sum(debtor.total for debtor in receivables.debtors(today)) == 160
    assert receivables.by_age(today, area=Area.objects.create(name="Empty")) == [Open()] * 5


def test_what_is_due_within_seven_days_and_what_is_promised_is_expected():
    due_later = make_subscription(plan=make_plan(due_days=3), starts_on=date(2026, 6, 18))
    issue_next(due_later, now=at("2026-06-18"))
    late = make_subscription(plan=make_plan(due_days=1), starts_on=date(2026, 6, 1))
    issue_next(late, now=at("2026-06-01"))
    deferrals.promise(customer=late.customer, until=date(2026, 6, 26), why="Salary", now=NOW)
    count()
    rows = receivables.expected(NOW)
    assert [row.day for row in rows] == [date(2026, 6, day) for day in range(20, 27)]
    assert {row.day.day: row.due.amount for row in rows if row.due.bills} == {21: 20}
    assert {row.day.day: row.promised.amount for row in rows if row.promised.bills} == {26: 20}


def test_revenue_is_told_for_a_month_without_tax_and_discounts():
    rate = TaxRate.objects.create(name="GST", percent=25, inclusive=True)
    for price, unit, number, tax_rate in (("25", "month", 2, rate), ("120", "year", 1, None), ("7", "week", 1, None)):
        make_subscription(plan=make_plan(price=price, interval_unit=unit, interval_count=number, tax_rate=tax_rate))
    cheaper = make_subscription(plan=make_plan(price="40"))
    discounts.give(
        subscription=cheaper, description="Half", percent=Decimal(50), starts_on=date(2026, 6, 1), now=at("2026-06-01")
    )
    make_subscription(plan=make_plan(price="30", trial_days=90), starts_on=date(2026, 6, 1))
    count()
    [june] = recurring.by_month(date(2026, 6, 1), date(2026, 6, 1))
    assert june.recurring == 10 + 10 + Decimal("30.42") + 20
    assert (june.subscriptions, june.customers, june.gained) == (5, 5, 1)
    assert june.per_customer == june.recurring / 5


def test_the_past_months_know_the_plans_and_the_prices_of_their_time():
    from billing.services import plans

    slow, fast = make_plan(name="Slow", price="20"), make_plan(name="Fast", price="50")
    subscription = make_subscription(plan=slow)
    for month in range(1, 7):
        issue_due(subscription, now=at(f"2026-0{month}-01"))
    plan_changes.change_now(subscription=subscription, plan=fast, now=at("2026-04-10"))
    plans.set_price(plan=fast, price=Decimal(60), now=at("2026-06-10"))
    count()
    months = recurring.by_month(date(2026, 1, 1), date(2026, 6, 1))
    assert [month.recurring for month in months] == [20, 20, 20, 50, 50, 60]
    assert [row.head for row in recurring.by_plan(date(2026, 3, 1))] == ["Slow"]
    assert [row.head for row in recurring.by_plan(date(2026, 4, 1))] == ["Fast"]


def test_who_ends_or_stays_unpaid_for_long_is_lost_and_who_comes_back_is_gained():
    plan = make_plan(due_days=5, bills_while_unpaid=False)
    stays, ends, lapses = (make_subscription(plan=plan) for _ in range(3))
    for subscription in (stays, ends, lapses):
        issue_due(subscription, now=at("2026-01-01"))
    pay(stays.customer, "500", "2026-01-02")
    pay(ends.customer, "20", "2026-01-02")
    endings.end(subscription=ends, on=date(2026, 3, 10), now=at("2026-03-10"))
    change_run.apply_due(now=at("2026-03-10"))
    sweep.disable_due(now=at("2026-01-10"), limit=10)
    pay(lapses.customer, "20", "2026-05-05")
    count()
    months = recurring.by_month(date(2026, 1, 1), date(2026, 5, 1))
    assert [(month.subscriptions, month.gained, month.lost) for month in months] == [
        (3, 3, 0), (2, 0, 1), (1, 0, 1), (1, 0, 0), (2, 1, 0),
    ]  # fmt: skip
    assert months[2].churn(months[1]) == 50
    assert (months[1].recurring, months[1].recurring_lost, months[4].recurring_gained) == (40, 20, 20)
    assert months[0].churn(None) is None


def test_months_before_the_first_subscription_are_not_counted():
    make_subscription(starts_on=date(2026, 5, 10))
    count()
    assert sorted(set(RunningMonth.objects.values_list("month", flat=True))) == [date(2026, 5, 1), date(2026, 6, 1)]


def test_nothing_is_needed_to_count():
    count()
    assert receivables.by_age(date(2026, 6, 20)) == [Open()] * 5
    assert recurring.by_month(date(2026, 6, 1), date(2026, 6, 1)) == []
    assert collections.total(*MAY).net == 0


def test_s8_recurring_revenue_is_counted_in_the_first_run_of_an_hour():
    """Every subscription is looked at for it, so it is not done every ten minutes."""
    noon = at("2026-05-20T12:00")

    def counted(minutes):
        counting.refresh(now=noon + timedelta(minutes=minutes))
        return sum(row.subscriptions for row in recurring.by_month(date(2026, 5, 1), date(2026, 5, 1)))

    make_subscription(starts_on=date(2026, 5, 1))
    assert counted(0) == 1
    make_subscription(starts_on=date(2026, 5, 1))
    assert [counted(10), counted(50)] == [1, 1]
    assert counted(60) == 2
