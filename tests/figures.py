"""The sums of reports, added up once more from single documents, without the statements that the reports use."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db.models import Sum

from billing.models import (
    Account,
    Bill,
    BillTax,
    CollectedDay,
    CreditNote,
    CreditNoteTax,
    FiguresCount,
    IncomeDay,
    OpenDay,
    Payment,
    Reversal,
    RunningMonth,
    Subscription,
    TaxDay,
)
from billing.rules.money import smallest
from billing.services import clock
from billing.services.reports import counting, recurring

NOTHING = Decimal(0)


def agree(now) -> None:
    """Count everything anew as of ``now`` and compare it with the documents."""
    FiguresCount.objects.update(counted_at=None, whole_on=None, whole_entry=0)
    counting.refresh(now=now)
    assert kept(CollectedDay, ("day", "method"), ("received", "returned")) == money()
    assert kept(IncomeDay, ("day",), ("billed", "voided", "credited", "given_up")) == income()
    assert kept(TaxDay.objects.exclude(percent=None), ("day", "name"), ("tax", "tax_back")) == taxes()
    assert kept(OpenDay, ("due_on",), ("amount",)) == open_bills()
    assert everything() == (Account.objects.aggregate(Sum("balance"))["balance__sum"] or 0)
    month = recurring.first_of(clock.local_date(now))
    assert kept(RunningMonth.objects.filter(month=month).exclude(plan=None), ("plan",), RUNNING) == running(now)


def kept(rows, keys, columns):
    """The kept rows added up by ``keys``, without those that come to nothing."""
    rows, sums = getattr(rows, "objects", rows), defaultdict(lambda: [NOTHING] * len(columns))
    for row in rows.values(*keys, *columns):
        add(sums, tuple(row[key] for key in keys), [row[column] for column in columns])
    return without_nothing(sums)


def add(sums, key, amounts):
    sums[key] = [was + amount for was, amount in zip(sums[key], amounts, strict=True)]


def without_nothing(sums):
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def money():
    sums = defaultdict(lambda: [NOTHING] * 2)
    for payment in Payment.objects.all():
        add(sums, (payment.received_on, payment.method), [payment.amount, NOTHING])
    for reversal in Reversal.objects.select_related("payment"):
        method = reversal.method or (reversal.payment.method if reversal.payment else "other")
        if reversal.payment or reversal.kind == Reversal.Kind.REFUND:
            add(sums, (reversal.reversed_on, method), [NOTHING, reversal.amount])
    return without_nothing(sums)


def income():
    sums = defaultdict(lambda: [NOTHING] * 4)
    for bill in Bill.objects.exclude(status=Bill.Status.DRAFT):
        add(sums, (bill.issued_on,), [bill.net, NOTHING, NOTHING, NOTHING])
        if bill.voided_on:
            add(sums, (bill.voided_on,), [NOTHING, bill.net, NOTHING, NOTHING])
    for note in CreditNote.objects.all():
        is_loss = note.kind in (CreditNote.Kind.GOODWILL, CreditNote.Kind.WRITE_OFF)
        add(sums, (note.issued_on,), [NOTHING, NOTHING, *((NOTHING, note.net) if is_loss else (note.net, NOTHING))])
    for reversal in Reversal.objects.filter(payment=None).exclude(kind=Reversal.Kind.REFUND):
        add(sums, (reversal.reversed_on,), [NOTHING, NOTHING, NOTHING, -reversal.amount])
    return without_nothing(sums)


def taxes():
    sums = defaultdict(lambda: [NOTHING] * 2)
    for part in BillTax.objects.select_related("bill").exclude(bill__status=Bill.Status.DRAFT):
        add(sums, (part.bill.issued_on, part.name), [part.tax, NOTHING])
        if part.bill.voided_on:
            add(sums, (part.bill.voided_on, part.name), [NOTHING, part.tax])
    for part in CreditNoteTax.objects.select_related("credit_note"):
        add(sums, (part.credit_note.issued_on, part.name), [NOTHING, part.tax])
    return without_nothing(sums)


def open_bills():
    sums = defaultdict(lambda: [NOTHING])
    for bill in Bill.objects.filter(status=Bill.Status.OPEN):
        add(sums, (bill.due_on,), [bill.outstanding])
    return without_nothing(sums)


def everything():
    """Income and tax less the money collected: what all customers owe together."""
    total = NOTHING
    for rows, sign, columns in (
        (IncomeDay, 1, ("billed",)),
        (IncomeDay, -1, ("voided", "credited", "given_up")),
        (TaxDay, 1, ("tax",)),
        (TaxDay, -1, ("tax_back",)),
        (CollectedDay, -1, ("received",)),
        (CollectedDay, 1, ("returned",)),
    ):
        total += sign * sum(sum(row) for row in rows.objects.values_list(*columns))
    return total


RUNNING = ("subscriptions", "recurring")
A_MONTH = {"month": (1, 1), "year": (1, 12), "week": (365, 84), "day": (365, 12)}


def running(now):
    """The subscriptions of today and what they bring in a month, by plan."""
    today, sums = clock.local_date(now), defaultdict(lambda: [NOTHING] * 2)
    for subscription in Subscription.objects.select_related("plan__tax_rate"):
        if is_running(subscription, today):
            add(sums, (subscription.plan_id,), [1, in_a_month(subscription, today)])
    return without_nothing(sums)


def is_running(subscription, today):
    if subscription.starts_on > today or (subscription.ends_on and subscription.ends_on <= today):
        return False
    unpaid = subscription.blocks.filter(reason="unpaid", closed_at=None).first()
    return unpaid is None or (today - clock.local_date(unpaid.opened_at)).days <= 30


def in_a_month(subscription, today):
    if subscription.unbilled_days.filter(reason="trial", first_day__lte=today, end_day__gt=today).exists():
        return NOTHING
    if subscription.holds.filter(days__contains=today).exists():
        return NOTHING
    plan, cent = subscription.plan, smallest(settings.CURRENCY)
    running = [discount for discount in subscription.discounts.all() if discount.starts_on <= today]
    running = [discount for discount in running if not discount.ends_on or today < discount.ends_on]
    off = sum((discount.rule.of(plan.price) for discount in running), NOTHING).quantize(cent, ROUND_HALF_UP)
    times, parts = A_MONTH[plan.interval_unit]
    percent = plan.tax_rate.percent if plan.tax_rate and plan.tax_rate.inclusive else 0
    share = (plan.price - min(off, plan.price)) * times * 100 / (parts * plan.interval_count * (100 + percent))
    return share.quantize(cent, ROUND_HALF_UP)
