"""A provider's half year with every kind of document there is, told through the services."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from django.db import transaction

from billing.models import Customer, Plan, TaxRate
from billing.services import (
    access,
    bills,
    change_run,
    credit_notes,
    discounts,
    endings,
    holds,
    items,
    payments,
    plan_changes,
    prepaid,
    reversals,
    sweep,
)
from tests.builders import at, issue_due, issue_next, make_customer, make_plan, make_subscription

NOW = at("2026-06-20T12:00")


@contextmanager
def rolled_back(django_db_blocker):
    """For a fixture that makes a history once for all tests of a module; at the end it never happened."""
    outermost = transaction.atomic()
    outermost._from_testcase = True  # as Django's TestCase does, so that services may say that they are outermost
    with django_db_blocker.unblock(), outermost:
        yield
        transaction.set_rollback(True)


def lively() -> None:
    """Customers who pay, part-pay, change, rest, end, take back and are late, until ``NOW``."""
    added = make_plan(tax_rate=TaxRate.objects.create(name="VAT 20%", percent=20, inclusive=False), price="49.99")
    inside = make_plan(tax_rate=TaxRate.objects.create(name="GST 7.7%", percent="7.7", inclusive=True), price="29.95")
    plain = make_plan(price="20.00")
    pays_in_parts(added)
    takes_back(added, inside)
    corrects(added, inside)
    changes(added, inside)
    rests(inside)
    ends(added, plain)
    is_late(plain)
    renews_late()
    buys(added)
    begins(plain)
    change_run.apply_due(now=NOW)
    sweep.disable_due(now=NOW, limit=500)


def pays_in_parts(plan: Plan) -> None:
    """Bills of two rhythms on one account, a discount, part payments, and credit that pays the next bill."""
    customer, weekly = make_customer(name="Pays in parts"), make_plan(price="5.00", interval_unit="week")
    monthly = make_subscription(customer=customer, plan=plan)
    discounts.give(
        subscription=monthly,
        description="Welcome",
        starts_on=date(2026, 2, 1),
        percent=Decimal(10),
        now=at("2026-01-01"),
    )
    other = make_subscription(customer=customer, plan=weekly, starts_on=date(2026, 1, 5))
    for day, amount in (("2026-01-10", "30"), ("2026-02-10", "150.55"), ("2026-04-01", "200")):
        issue_due(monthly, now=at(day))
        issue_due(other, now=at(day))
        pay(customer, amount, day)


def takes_back(added: Plan, inside: Plan) -> None:
    """A voided bill that was billed again, a bounced payment, a refund, a chargeback that was won."""
    voided = make_subscription(customer=make_customer(name="Voided"), plan=added)
    bills.void(bill=issue_next(voided, now=at("2026-01-01")), reason="Wrong plan", now=at("2026-01-02"))
    issue_next(voided, now=at("2026-01-03"))
    customer = make_customer(name="Takes back")
    subscription = make_subscription(customer=customer, plan=inside)
    for day in ("2026-01-01", "2026-02-01", "2026-03-01"):
        issue_next(subscription, now=at(day))
    bounced, refunded, charged = (pay(customer, "29.95", day) for day in ("2026-01-05", "2026-02-05", "2026-03-05"))
    reversals.reverse(payment=bounced, kind="bounced", reason="No funds", now=at("2026-03-10"))
    reversals.refund(
        source=refunded, amount=Decimal("9.95"), method="cash", reason="Two days off", now=at("2026-03-11")
    )
    chargeback = reversals.reverse(payment=charged, kind="chargeback", reason="Disputed", now=at("2026-03-12"))
    reversals.win_chargeback(chargeback=chargeback, reason="Decided for us", now=at("2026-04-12"))


def corrects(added: Plan, inside: Plan) -> None:
    """Bills that are credited in parts and as a whole, written off, and credit as a gift, also taken back."""
    for plan in (added, inside):
        customer = make_customer(name="Corrected")
        subscription = make_subscription(customer=customer, plan=plan)
        part, whole, lost = (issue_next(subscription, now=at(f"2026-0{month}-01")) for month in (1, 2, 3))
        line = part.lines.get()
        for amount in ("10.01", "3.33"):
            credit_notes.correct(
                bill=part, amounts={line.pk: Decimal(amount)}, reason="Slow line", now=at("2026-03-02")
            )
        credit_notes.correct(bill=part, reason="All of it", now=at("2026-03-03"))
        pay(customer, "20", "2026-03-04")
        credit_notes.correct(bill=whole, reason="All of it", now=at("2026-03-05"))
        credit_notes.write_off(bill=lost, reason="Moved away", now=at("2026-03-06"))
        gift = credit_notes.give(customer=customer, amount=Decimal(15), reason="Sorry", now=at("2026-03-07"))
        reversals.withdraw(credit_note=gift, reason="Wrong customer", now=at("2026-03-08"))
        credit_notes.give(customer=customer, amount=Decimal("2.50"), reason="Sorry", now=at("2026-03-09"))


def changes(added: Plan, inside: Plan) -> None:
    """A change of plan in the middle of a paid period and back, and one that waits for the period's end."""
    customer = make_customer(name="Changes")
    subscription = make_subscription(customer=customer, plan=added, starts_on=date(2026, 5, 1))
    issue_next(subscription, now=at("2026-05-01"))
    pay(customer, "59.99", "2026-05-02")
    plan_changes.change_now(subscription=subscription, plan=inside, now=at("2026-05-05"))
    plan_changes.change_now(subscription=subscription, plan=added, now=at("2026-05-20"))
    plan_changes.change_at_period_end(subscription=subscription, plan=inside, now=at("2026-05-21"))
    change_run.apply_due(now=at("2026-06-01"))
    issue_due(subscription, now=at("2026-06-01"))
    waits = make_subscription(customer=customer, plan=added, starts_on=date(2026, 6, 10))
    issue_next(waits, now=at("2026-06-10"))
    plan_changes.change_at_period_end(subscription=waits, plan=inside, now=at("2026-06-11"))


def rests(plan: Plan) -> None:
    """A hold in billed days that was resumed after them, and one that is still running."""
    for name in ("Rested", "Rests"):
        customer = make_customer(name=name)
        subscription = make_subscription(customer=customer, plan=plan, starts_on=date(2026, 4, 1))
        issue_next(subscription, now=at("2026-04-01"))
        pay(customer, "29.95", "2026-04-02")
        holds.hold(subscription=subscription, starts_on=date(2026, 4, 20), now=at("2026-04-10"))
        change_run.apply_due(now=at("2026-04-20"))
        if name == "Rested":
            holds.resume(subscription=subscription, now=at("2026-05-11"))
            issue_due(subscription, now=at("2026-05-11"))


def ends(added: Plan, plain: Plan) -> None:
    """Ends in the middle of a paid period, in a trial, of a service that cost nothing, and one that is to come."""
    free, trial = make_plan(price="0"), make_plan(price="20", trial_days=14)
    for plan, on in ((added, "2026-04-11"), (free, "2026-04-11"), (trial, "2026-04-05"), (plain, "2026-07-11")):
        customer = make_customer(name="Ends")
        subscription = make_subscription(customer=customer, plan=plan, starts_on=date(2026, 4, 1))
        issue_due(subscription, now=at("2026-04-01"))
        pay(customer, "60", "2026-04-02")
        endings.end(subscription=subscription, on=date.fromisoformat(on), now=at("2026-04-03"))
        change_run.apply_due(now=at("2026-04-12"))


def is_late(plan: Plan) -> None:
    """Cut and back after a payment, cut and still off, off by hand as well, and billed in arrears meanwhile."""
    arrears = make_plan(price="31.00", mode="postpaid", billing_day=15)
    services = [
        make_subscription(customer=make_customer(name="Late"), plan=kind) for kind in (plan, plan, plan, arrears)
    ]
    for service in services:
        issue_due(service, now=at("2026-02-16"))
    sweep.disable_due(now=at("2026-04-01"), limit=500)
    access.disable(subscription=services[1], reason="abuse", now=at("2026-04-02"))
    for service in services[:2]:
        pay(service.customer, "60", "2026-04-10")
    for service in (services[0], services[3]):
        issue_due(service, now=at("2026-06-15"))


def renews_late() -> None:
    """A renewal that was paid after the cut, so that it starts on the day of payment, and one in time."""
    plan = make_plan(price="25.00", lead_days=5, due_days=None)
    late, early = (make_subscription(customer=make_customer(name="Renews"), plan=plan) for _ in range(2))
    for service in (late, early):
        prepaid.renew(subscription=service, method="cash", now=at("2026-01-01"))
        issue_due(service, now=at("2026-01-28"))
    prepaid.renew(subscription=early, method="cash", now=at("2026-01-29"))
    sweep.disable_due(now=at("2026-02-02"), limit=500)
    pay(late.customer, "25", "2026-02-09")


def buys(plan: Plan) -> None:
    """Items on the next bill, on a bill of their own, on one that was voided, and one that waits."""
    customer = make_customer(name="Buys")
    subscription = make_subscription(customer=customer, plan=plan, starts_on=date(2026, 5, 1))
    buy(customer, "Installation", "60.00", "2026-05-01", plan.tax_rate)
    issue_next(subscription, now=at("2026-05-01"))
    buy(customer, "Router", "35.50", "2026-05-03")
    bills.void(bill=items.bill_now(customer=customer, now=at("2026-05-03")), reason="Sent back", now=at("2026-05-04"))
    buy(customer, "Cable", "4.99", "2026-05-05", plan.tax_rate)
    items.bill_now(customer=customer, now=at("2026-05-06"))
    buy(customer, "Call-out", "20.00", "2026-06-01")


def begins(plan: Plan) -> None:
    """A trial, and a subscription that starts in the future."""
    trial = make_subscription(plan=make_plan(trial_days=14), starts_on=date(2026, 5, 20))
    issue_due(trial, now=at("2026-06-03"))
    make_subscription(plan=plan, starts_on=date(2026, 8, 1), now=at("2026-06-01"))


def pay(customer: Customer, amount: str, day: str):
    return payments.receive(customer=customer, amount=Decimal(amount), method="cash", now=at(f"{day}T09:00"))


def buy(customer: Customer, description: str, amount: str, day: str, tax_rate: TaxRate | None = None) -> None:
    items.add(customer=customer, description=description, amount=Decimal(amount), tax_rate=tax_rate, now=at(day))
