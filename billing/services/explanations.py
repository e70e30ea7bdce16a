"""Why a subscription has access at an instant, or not, and what happens next (rule E12).

Told from the rows that the sweep decides on: blocks, access events, the cut-off instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing.models import AccessEvent, AccessState, Bill, Block, ScheduledChange, Subscription
from billing.rules.errors import Refused
from billing.rules.periods import start_of_day
from billing.services import blocks, clock, deferral_states, ladder, policy
from billing.services.ladder import Step
from billing.services.wording import day, instant, price

Kind, Reason = ScheduledChange.Kind, Block.Reason
OPENED_BY: dict[str, str] = {Kind.HOLD: Reason.HOLD, Kind.END: Reason.ENDED}
CLOSED_BY: dict[str, str] = {Kind.START: Reason.PENDING, Kind.RESUME: Reason.HOLD}


@dataclass(frozen=True)
class Explanation:
    """Whether a subscription has access at an instant, and why in sentences.

    ``bills`` are its unpaid ones, the oldest first. ``steps`` are the dates of their ladder and what is
    agreed, in order; those after ``at`` happen if nothing changes.
    """

    subscription: Subscription
    at: datetime
    has_access: bool
    sentences: Sequence[str]
    bills: Sequence[Bill]
    steps: Sequence[Step]

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.at > self.at), None)


def explain(subscription: Subscription, at: datetime, *, now: datetime | None = None) -> Explanation:
    """Explain the access of a subscription at ``at``: in the past from its history, later from what is known today.

    Args:
        now: the present, which is ``at`` by default; what is due by a later ``at`` will have happened then.

    Raises:
        Refused: the subscription did not exist at ``at``.
    """
    if at < subscription.created_at:
        raise Refused(f"{subscription} was opened on {instant(subscription.created_at)}. Ask for a later instant.")
    if AccessEvent.objects.filter(subscription=subscription, at__gt=at).exists():
        return _of_the_past(subscription, at)
    return _from_its_last_change_on(subscription, at, is_to_come=now is not None and at > now)


def why_off(subscription: Subscription, at: datetime) -> list[str]:
    """One sentence for each reason that was open at ``at``; empty when there was none."""
    return [sentence for block in _open_blocks(subscription, at) for sentence in _blocked(block, at)]


def _of_the_past(subscription: Subscription, at: datetime) -> Explanation:
    sentences = [sentence for block in _open_blocks(subscription, at) for sentence in _told(block, at)]
    changes = AccessEvent.objects.filter(subscription=subscription, at__gt=at).order_by("pk")
    steps = [Step(event.at, _happened(event)) for event in changes.select_related("bill", "run")]
    has_access = not sentences
    if has_access:
        sentences = [f"It had access on {instant(at)}: nothing spoke against it."]
    return Explanation(subscription, at, has_access, sentences, (), steps)


def _from_its_last_change_on(subscription: Subscription, at: datetime, *, is_to_come: bool) -> Explanation:
    state = AccessState.objects.get(pk=subscription.pk)
    bills = list(blocks.unpaid_bills(subscription.pk, None).filter(issued_at__lte=at))
    cut = ladder.cut(state)
    end = ladder.end(subscription, cut.at if cut else None)
    steps = sorted(
        [*(step for bill in bills for step in ladder.of_bill(bill)), *_agreed(subscription), *filter(None, (cut, end))]
    )
    reasons = {block.reason: list(_told(block, at)) for block in _open_blocks(subscription, at)}
    if is_to_come:
        _let_happen(steps, cut, at, reasons)
    has_access, told = not reasons, [sentence for sentences in reasons.values() for sentence in sentences]
    if cut and cut.at <= at and has_access:
        has_access, told = not is_to_come, list(_about_to_be_cut(subscription, cut, at))
    told = told or list(_on(state, bills, at))
    return Explanation(subscription, at, has_access, [*told, *_deferred(subscription, at)], bills, steps)


def _let_happen(steps: Sequence[Step], cut: Step | None, at: datetime, reasons: dict[str, list[str]]) -> None:
    """Open and close what the steps until ``at`` will have opened and closed by then."""
    for step in steps:
        if step.at <= at:
            reasons.pop(step.closes, None)
            if step.opens and step is not cut:
                reasons[step.opens] = [f"{instant(step.at)}: {step.what}"]


def _open_blocks(subscription: Subscription, at: datetime) -> list[Block]:
    found = Block.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), subscription=subscription, opened_at__lte=at)
    return list(found.select_related("bill").order_by("pk"))


def _blocked(block: Block, at: datetime) -> Iterator[str]:
    subscription = block.subscription
    if block.reason == Reason.UNPAID:
        yield from _unpaid(block, at)
    elif block.reason == Reason.HOLD:
        yield _on_hold(block)
    elif block.reason == Reason.PENDING:
        yield f"It starts on {day(subscription.starts_on)}: access comes by itself on that day."
    elif block.reason == Reason.ENDED:
        yield from _ended(block)
    else:
        note = f": {block.note}" if block.note else ""
        how = " “Restore” takes it back." if block.reason in (Reason.MANUAL, Reason.ABUSE) else ""
        yield f"Disabled as “{block.get_reason_display()}” since {instant(block.opened_at)}{note}.{how}"


def _told(block: Block, at: datetime) -> Iterator[str]:
    """Why a block is there, with the run and the bill that set it."""
    if block.reason == Reason.UNPAID:
        yield _cut(block)
    yield from _blocked(block, at)


def _cut(block: Block) -> str:
    event = AccessEvent.objects.filter(
        subscription=block.subscription_id, at=block.opened_at, reason=Reason.UNPAID, change="blocked"
    ).first()
    run = f" by {event.run}" if event and event.run_id else ""
    bill = block.bill
    because = f" because bill {bill} of {day(bill.issued_on)} was due on {day(bill.due_on)}" if bill else ""
    return f"It was cut on {instant(block.opened_at)}{run}{because} (rule E1)."


def _unpaid(block: Block, at: datetime) -> Iterator[str]:
    if block.closed_at is not None:
        yield f"It was paid or deferred on {instant(block.closed_at)}."
        return
    for bill in blocks.unpaid_bills(block.subscription_id, at):
        left = price(bill.outstanding, bill.currency)
        yield f"Bill {bill} of {day(bill.issued_on)} is unpaid since {day(bill.due_on)}: {left} left to pay."
    yield "A payment restores the access."


def _ended(block: Block) -> Iterator[str]:
    subscription = block.subscription
    if subscription.ended_unpaid_on is None:
        yield f"It ended on {day(clock.local_date(block.opened_at))}."
    else:
        yield f"It ended on {day(subscription.ended_unpaid_on)} because it was unpaid for too long (rule E16)."
    is_unpaid = subscription.ended_unpaid_on and ladder.unpaid_since(subscription.pk)
    if is_unpaid and subscription.plan.reopens_when_paid:
        yield "A payment opens it again."
    else:
        yield "Open a new subscription for this customer instead."


def _on_hold(block: Block) -> str:
    hold = block.subscription.holds.filter(settled_at=None).order_by("days").first()
    if hold is None:
        return f"On hold since {instant(block.opened_at)}."
    note = f" ({hold.note})" if hold.note else ""
    if hold.days.upper is None:
        return f"On hold since {day(hold.days.lower)}{note}, until it is resumed. “Resume” brings it back."
    return (
        f"On hold from {day(hold.days.lower)}{note}; it comes back by itself on {day(hold.days.upper)}. "
        "“Resume” brings it back today."
    )


def _on(state: AccessState, bills: Sequence[Bill], at: datetime) -> Iterator[str]:
    if not bills:
        yield "It has access: no bill that could cut it is unpaid, and nothing else speaks against it."
        return
    if state.cut_off_at is None:
        minimum = price(policy.minimum_debt())
        yield f"It has access: the overdue debt is not above {minimum}, which cuts nobody (rule E4)."
    else:
        yield "It has access: its unpaid bills do not cut it yet."
    for bill in bills:
        left = price(bill.outstanding, bill.currency)
        due = "was due on" if bill.due_on < clock.local_date(at) else "is to be paid by"
        yield f"Bill {bill} of {day(bill.issued_on)} {due} {day(bill.due_on)}: {left} left to pay."


def _about_to_be_cut(subscription: Subscription, cut: Step, at: datetime) -> Iterator[str]:
    for bill in blocks.unpaid_bills(subscription.pk, at):
        left = price(bill.outstanding, bill.currency)
        yield f"Bill {bill} of {day(bill.issued_on)} was due on {day(bill.due_on)}: {left} left to pay."
    yield f"The first expiry check from {instant(cut.at)} on disables it, unless it is paid (rule E1)."


def _deferred(subscription: Subscription, at: datetime) -> Iterator[str]:
    for deferral in deferral_states.running(subscription.customer_id, now=at, subscription=subscription):
        until = f"until {day(deferral.until)}" if deferral.until else "at any time"
        yield f"{type(deferral).__name__}: not cut {until}, because: {deferral.why} (rule E11)."


def _agreed(subscription: Subscription) -> Iterator[Step]:
    changes = ScheduledChange.objects.filter(subscription=subscription, status=ScheduledChange.Status.PENDING)
    for change in changes:
        at = start_of_day(change.due_on, clock.zone())
        what = f"Agreed: {change.get_kind_display()}."
        yield Step(at, what, OPENED_BY.get(change.kind, ""), CLOSED_BY.get(change.kind, ""))


def _happened(event: AccessEvent) -> str:
    bill = f", bill {event.bill}" if event.bill_id else ""
    run = f", {event.run}" if event.run_id else ""
    return f"{event.get_change_display().capitalize()}: {event.get_reason_display()}{bill}{run} (rule {event.rule})."
