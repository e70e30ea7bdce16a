"""In words: what a deed changed for a customer, from how they stood before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

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
        name = "A new bill" if is_preview else f"Bill {bill}"
        tax = f", {money(bill.tax, bill.currency)} of it tax" if bill.tax else ""
        left = money(bill.outstanding, bill.currency)
        rest = f"{left} left to pay, due {day(bill.due_on)}" if bill.outstanding else "paid from credit"
        yield f"{name} over {money(bill.total, bill.currency)}{tax}: {rest if bill.total else 'nothing to pay'}."


def _new_notes(before: Standing, is_preview: bool) -> Iterator[str]:
    new = CreditNote.objects.filter(customer=before.customer_id, pk__gt=before.last_note).select_related("bill")
    for note in new.order_by("pk"):
        name = "A new credit note" if is_preview else f"Credit note {note}"
        tax = f", {money(note.tax, note.currency)} of it tax" if note.tax else ""
        bill = f" for bill {note.bill}" if note.bill else ""
        yield f"{name} over {money(note.total, note.currency)}{tax}{bill}."


def _old_bills(before: Standing, after: Standing, now: datetime) -> Iterator[str]:
    changed = {pk for pk in before.left.keys() | after.left.keys() if before.left.get(pk) != after.left.get(pk)}
    today = clock.local_date(now)
    for bill in Bill.objects.filter(pk__in=changed, pk__lte=before.last_bill).order_by("due_on", "pk"):
        due = f"overdue since {day(bill.due_on)}" if bill.due_on < today else f"due {day(bill.due_on)}"
        left = money(bill.outstanding, bill.currency)
        if bill.status == Bill.Status.VOID:
            yield f"Bill {bill} is void: nothing is owed for it{_billed_again(bill)}."
        elif bill.status == Bill.Status.PAID:
            yield f"Bill {bill} is paid in full."
        elif bill.pk in before.left:
            was = money(before.left[bill.pk], bill.currency)
            yield f"Bill {bill}: {left} left to pay instead of {was}."
        else:
            yield f"Bill {bill} is open again: {left} left to pay, {due}."


def _billed_again(bill: Bill) -> str:
    has_periods = bill.lines.filter(kind=BillLine.Kind.RECURRING).exists()
    return ", and its periods can be billed again" if has_periods else ""


def _items(before: Standing, after: Standing) -> Iterator[str]:
    for item in after.waiting:
        if item not in before.waiting:
            yield f"“{item}” over {money(item.amount)} waits for the next bill again."


def _access(before: Standing, after: Standing, now: datetime) -> Iterator[str]:
    for pk, state in after.access.items():
        was, subscription = before.access.get(pk), state.subscription
        if was is None or (was.is_on, was.cut_off_at) == (state.is_on, state.cut_off_at):
            continue
        if state.is_on and not was.is_on:
            yield f"{subscription} is online again."
        elif was.is_on and not state.is_on:
            yield f"{subscription} is off. {' '.join(why_off(subscription, now))}"
        elif not state.is_on:
            yield f"{subscription} stays off. {' '.join(why_off(subscription, now))}"
        elif state.cut_off_at:
            yield f"{subscription} {_until_when(state.cut_off_at, now)}"


def _until_when(cut_off_at: datetime, now: datetime) -> str:
    if cut_off_at == NEVER:
        return "stays online: no unpaid bill cuts it while the customer is excluded."
    cut_at = policy.calendar().first_cut(max(cut_off_at, now))
    if cut_at == now:
        return "has an overdue bill now: the next expiry check disables it."
    return f"stays online until {instant(cut_at)}, unless the bill is paid."


def _account(before: Standing, after: Standing) -> Iterator[str]:
    if after.balance != before.balance:
        yield f"The account: {_balance(after)} instead of {_balance(before)}."
    if after.credit != before.credit:
        yield f"Credit for coming bills: {money(after.credit)} instead of {money(before.credit)}."


def _balance(found: Standing) -> str:
    if found.balance < 0:
        return f"{money(-found.balance)} in the customer's favour"
    return f"{money(found.balance)} owed"
