"""In words: what a deed changed for a customer, from how they stood before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from billing.admin.formatting import day, instant, money
from billing.models import Bill, BillLine, CreditNote
from billing.rules.access import NEVER
from billing.services import clock, policy
from billing.services.explanations import why_off
from billing.services.standing import Standing


def sentences(before: Standing, after: Standing, *, now: datetime, is_preview: bool = False) -> list[str]:
    """One sentence for each thing that is different; a preview gives no numbers to new documents."""
    return [
        *_new_bills(before, now, is_preview),
        *_new_notes(before, is_preview),
        *_old_bills(before, after, now),
        *_items(before, after),
        *_access(before, after, now),
        *_account(before, after),
    ]


def _new_bills(before: Standing, now: datetime, is_preview: bool) -> Iterator[str]:
    new = Bill.objects.filter(customer=before.customer_id, pk__gt=before.last_bill).order_by("pk")
    for bill in new:
        name = _("A new bill") if is_preview else _("Bill {bill}").format(bill=bill)
        tax = _(", {tax} of it tax").format(tax=money(bill.tax, bill.currency)) if bill.tax else ""
        left = money(bill.outstanding, bill.currency)
        rest = (
            _("{left} left to pay, due {due_on}").format(left=left, due_on=day(bill.due_on))
            if bill.outstanding
            else _("paid from credit")
        )
        yield _("{name} over {total}{tax}: {rest}.").format(
            name=name, total=money(bill.total, bill.currency), tax=tax, rest=rest if bill.total else _("nothing to pay")
        )


def _new_notes(before: Standing, is_preview: bool) -> Iterator[str]:
    new = CreditNote.objects.filter(customer=before.customer_id, pk__gt=before.last_note).select_related("bill")
    for note in new.order_by("pk"):
        name = _("A new credit note") if is_preview else _("Credit note {note}").format(note=note)
        tax = _(", {tax} of it tax").format(tax=money(note.tax, note.currency)) if note.tax else ""
        bill = _(" for bill {bill}").format(bill=note.bill) if note.bill else ""
        yield _("{name} over {total}{tax}{bill}.").format(
            name=name, total=money(note.total, note.currency), tax=tax, bill=bill
        )


def _old_bills(before: Standing, after: Standing, now: datetime) -> Iterator[str]:
    changed = {pk for pk in before.left.keys() | after.left.keys() if before.left.get(pk) != after.left.get(pk)}
    today = clock.local_date(now)
    for bill in Bill.objects.filter(pk__in=changed, pk__lte=before.last_bill).order_by("due_on", "pk"):
        due = (
            _("overdue since {due_on}").format(due_on=day(bill.due_on))
            if bill.due_on < today
            else _("due {due_on}").format(due_on=day(bill.due_on))
        )
        left = money(bill.outstanding, bill.currency)
        if bill.status == Bill.Status.VOID:
            yield _("Bill {bill} is void: nothing is owed for it{billed_again}.").format(
                bill=bill, billed_again=_billed_again(bill)
            )
        elif bill.status == Bill.Status.PAID:
            yield _("Bill {bill} is paid in full.").format(bill=bill)
        elif bill.pk in before.left:
            was = money(before.left[bill.pk], bill.currency)
            yield _("Bill {bill}: {left} left to pay instead of {was}.").format(bill=bill, left=left, was=was)
        else:
            yield _("Bill {bill} is open again: {left} left to pay, {due}.").format(bill=bill, left=left, due=due)


def _billed_again(bill: Bill) -> str:
    has_periods = bill.lines.filter(kind=BillLine.Kind.RECURRING).exists()
    return _(", and its periods can be billed again") if has_periods else ""


def _items(before: Standing, after: Standing) -> Iterator[str]:
    for item in after.waiting:
        if item not in before.waiting:
            yield _("“{item}” over {amount} waits for the next bill again.").format(
                item=item, amount=money(item.amount)
            )


def _access(before: Standing, after: Standing, now: datetime) -> Iterator[str]:
    for pk, state in after.access.items():
        was, subscription = before.access.get(pk), state.subscription
        if was is None or (was.is_on, was.cut_off_at) == (state.is_on, state.cut_off_at):
            continue
        if state.is_on and not was.is_on:
            yield _("{subscription} is online again.").format(subscription=subscription)
        elif was.is_on and not state.is_on:
            yield _("{subscription} is off. {why_off}").format(
                subscription=subscription, why_off=" ".join(why_off(subscription, now))
            )
        elif not state.is_on:
            yield _("{subscription} stays off. {why_off}").format(
                subscription=subscription, why_off=" ".join(why_off(subscription, now))
            )
        elif state.cut_off_at:
            yield f"{subscription} {_until_when(state.cut_off_at, now)}"


def _until_when(cut_off_at: datetime, now: datetime) -> str:
    if cut_off_at == NEVER:
        return _("stays online: no unpaid bill cuts it while the customer is excluded.")
    cut_at = policy.calendar().first_cut(max(cut_off_at, now))
    if cut_at == now:
        return _("has an overdue bill now: the next expiry check disables it.")
    return _("stays online until {cut_at}, unless the bill is paid.").format(cut_at=instant(cut_at))


def _account(before: Standing, after: Standing) -> Iterator[str]:
    if after.balance != before.balance:
        yield _("The account: {balance} instead of {balance_2}.").format(
            balance=_balance(after), balance_2=_balance(before)
        )
    if after.credit != before.credit:
        yield _("Credit for coming bills: {credit} instead of {credit_2}.").format(
            credit=money(after.credit), credit_2=money(before.credit)
        )


def _balance(found: Standing) -> str:
    if found.balance < 0:
        return _("{value} in the customer's favour").format(value=money(-found.balance))
    return _("{balance} owed").format(balance=money(found.balance))
