"""Two years of one subscriber in dates and amounts; the story itself is the text file beside this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from billing.models import Bill, CreditNote, LedgerEntry, Payment, Reversal, TaxRate
from billing.services import (
    billing_run,
    bills,
    books,
    change_run,
    credit_notes,
    discounts,
    endings,
    holds,
    items,
    payments,
    plan_changes,
    plans,
    reversals,
    statements,
    sweep,
)
from tests.builders import make_customer, make_plan, make_subscription
from tests.diary import balance, last_bill, reasons

STORY = Path(__file__).with_name("two_years_of_a_subscriber.txt").read_text()
ZONE = ZoneInfo("Europe/Rome")
DEEDS: list[tuple[str, Callable[..., object]]] = []

day = date.fromisoformat


def deed(wording: str) -> Callable[[Callable], Callable]:
    """What the desk does when the story says so."""

    def enter(function: Callable) -> Callable:
        DEEDS.append((wording, function))
        return function

    return enter


class Subscriber:
    """The one that the story is about, and the plans that are sold."""

    def __init__(self) -> None:
        vat = TaxRate.objects.create(name="VAT 20%", percent=20)
        self.home = make_plan(name="Home", price=Decimal(30), tax_rate=vat, trial_days=14)
        self.fast = make_plan(name="Fast", price=Decimal(60), tax_rate=vat)
        self.vat, self.customer, self.service = vat, make_customer(name="Two Years"), None


@deed(r"subscribes to Home, the first 14 days free")
def _(who, now):
    who.service = make_subscription(plan=who.home, customer=who.customer, starts_on=now.date(), now=now)


@deed(r"the installation is noted: (\S+)")
def _(who, now, amount):
    items.add(customer=who.customer, description="Installation", amount=Decimal(amount), tax_rate=who.vat, now=now)


@deed(r"pays (\S+) (?:in|by) (cash|cheque|card)")
def _(who, now, amount, method):
    method = {"cheque": "other"}.get(method, method)
    payments.receive(customer=who.customer, amount=Decimal(amount), method=method, now=now)


@deed(r"the (cheque) bounces|the card payment is charged (back)")
def _(who, now, cheque, _back):
    payment = Payment.objects.get(customer=who.customer, method="other" if cheque else "card")
    reversals.reverse(payment=payment, kind="bounced" if cheque else "chargeback", reason="The bank said so", now=now)


@deed(r"the chargeback is won")
def _(who, now):
    chargeback = Reversal.objects.get(customer=who.customer, kind="chargeback")
    reversals.win_chargeback(chargeback=chargeback, reason="The bank said so", now=now)


@deed(r"changes to Fast now: .*")
def _(who, now):
    plan_changes.change_now(subscription=who.service, plan=who.fast, now=now)


@deed(r"asks to change to Home at the end of the period")
def _(who, now):
    plan_changes.change_at_period_end(subscription=who.service, plan=who.home, now=now)


@deed(r"Fast is sold for (\S+) from today on")
def _(who, now, price):
    plans.set_price(plan=who.fast, price=Decimal(price), now=now)


@deed(r"a hold from (\S+) (?:to (\S+) is agreed|on)")
def _(who, now, first, end):
    starts_on = now.date() if first == "today" else day(first)
    holds.hold(subscription=who.service, starts_on=starts_on, ends_on=day(end) if end else None, now=now)


@deed(r"is back: .*")
def _(who, now):
    holds.resume(subscription=who.service, now=now)


@deed(r"gets 10 % off until (\S+)")
def _(who, now, end):
    discounts.give(
        subscription=who.service,
        description="Loyal",
        percent=Decimal(10),
        starts_on=now.date(),
        ends_on=day(end),
        now=now,
    )


@deed(r"gets (\S+) of credit for an outage")
def _(who, now, amount):
    credit_notes.give(customer=who.customer, amount=Decimal(amount), reason="Outage", now=now)


@deed(r"the bill is corrected by (\S+) and \S+ tax")
def _(who, now, amount):
    bill = last_bill(who.customer)
    credit_notes.correct(bill=bill, reason="Slow", now=now, amounts={bill.lines.get().pk: Decimal(amount)})


@deed(r"the bill is voided")
def _(who, now):
    bills.void(bill=last_bill(who.customer), reason="Wrong address", now=now)


@deed(r"(\S+) of the credit is refunded")
def _(who, now, amount):
    payment = Payment.objects.filter(customer=who.customer).latest("pk")
    reversals.refund(source=payment, amount=Decimal(amount), method="cash", reason="Asked for it", now=now)


@deed(r"asks to end on (\S+)")
def _(who, now, end):
    endings.end(subscription=who.service, on=day(end), now=now)


@deed(r"all credit is paid out")
def _(who, now):
    for source in (*Payment.objects.order_by("pk"), *CreditNote.objects.order_by("pk")):
        if source.credit:
            reversals.refund(source=source, amount=source.credit, method="bank", reason="Ended", now=now)


def do(who: Subscriber, now: datetime, text: str) -> None:
    for wording, function in DEEDS:
        if match := re.fullmatch(wording, text):
            function(who, now, *match.groups())
            return
    raise AssertionError(f"Nobody knows how to do “{text}”.")


def jobs(now: datetime) -> None:
    """What the scheduler runs every night; nothing fails and nobody is set aside."""
    assert change_run.apply_due(now=now).failed == {}
    assert billing_run.generate(now=now, limit=500).set_aside == {}
    assert sweep.disable_due(now=now, limit=500).set_aside == {}


def told() -> Iterator[list[str]]:
    """The dated rows of the story."""
    for row in STORY.splitlines():
        if re.match(r"\d{4}-\d\d-\d\d \|", row):
            yield [cell.strip() for cell in row.split("|")]


def seen(who: Subscriber) -> list[str]:
    """What staff see: the balance, the open bills, the access."""
    unpaid = Bill.objects.filter(customer=who.customer, status="open").order_by("due_on", "pk")
    why = ", ".join(reasons(who.service))
    return [
        f"{balance(who.customer):.2f}",
        ", ".join(f"{bill} {bill.outstanding:.2f}" for bill in unpaid),
        f"off: {why}" if why else "on",
    ]


def sum_of(rows, column="total"):
    return rows.aggregate(sum=Sum(column))["sum"] or Decimal(0)


@pytest.fixture
def who(db, settings):
    settings.TIME_ZONE, settings.LATE_FEE, settings.LATE_FEE_DAYS = str(ZONE), "5.00", 7
    return Subscriber()


def test_two_years_of_a_subscriber_come_out_to_the_cent(who):
    today = day("2025-01-01")
    for text, by, happens, *expected in told():
        while today <= day(text):
            jobs(datetime.combine(today, time(0, 10), tzinfo=ZONE))
            today += timedelta(days=1)
        if by == "desk":
            do(who, datetime.combine(day(text), time(11), tzinfo=ZONE), happens)
        assert seen(who) == expected, f"{text}: {happens}"
    now = datetime.combine(today, time(12), tzinfo=ZONE)
    books.require(books.verify(now=now))
    the_account_adds_up(who, now)


def the_account_adds_up(who: Subscriber, now: datetime) -> None:
    """What was billed less what was credited is what came in less what was paid back; the statement ends at zero."""
    billed = sum_of(Bill.objects.exclude(status="void")) - sum_of(CreditNote.objects.all())
    received = sum_of(Payment.objects.all(), "amount") - sum_of(Reversal.objects.all(), "amount")
    assert billed == received > 0
    *_, closing = statements.lines(who.customer, since=day("2025-01-01"), until=now.date())
    assert (closing.debit - closing.credit, closing.balance) == (0, 0)
    assert sum_of(LedgerEntry.objects.all(), "amount") == 0
