"""What happened to a customer, the newest first: bills, money, access, promises, changes and notes in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin.formatting import NONE, access_label, amount_cell, instant, link, state_label
from billing.admin.panels import Panel, columns
from billing.models import AccessEvent, Bill, CreditNote, Exclusion, Hold, Payment, Promise, Reversal, ScheduledChange
from billing.services import clock, summary, timeline
from billing.services.timeline import Happened

MOST = 20
HEADS = columns("When", "What", "Details", "Amount", "By", amounts=("Amount",))


def timeline_panel(request: HttpRequest, customer_id: int) -> Panel | None:
    """As far as ``request`` may see the kinds of events; None when it may see none of them."""
    kinds = [model for model in timeline.KINDS if request.user.has_perm(f"billing.view_{model._meta.model_name}")]
    if not kinds:
        return None
    rows = [_row(happened) for happened in timeline.latest(customer_id, kinds, most=MOST)]
    return Panel(_("Timeline"), HEADS, rows, empty=_("Nothing happened yet."))


def _row(happened: Happened) -> tuple[object, ...]:
    row: Any = happened.row
    amount = getattr(row, "total", None) or getattr(row, "amount", None)
    return (
        instant(happened.at),
        capfirst(str(row._meta.verbose_name)),
        format_html_join(" ", "{}", ((part,) for part in _parts(row))),
        "" if amount is None else amount_cell(amount, getattr(row, "currency", "")),
        happened.by or (_("expiry check") if getattr(row, "run_id", None) else NONE),
    )


def _parts(row: Model) -> Sequence[str]:
    """Its link, and what tells it from others of its kind."""
    return MORE[type(row)](row) if type(row) in MORE else [link(row)]


def _access(event: AccessEvent) -> Sequence[str]:
    label = access_label(event.is_on, [event.reason] if event.change == AccessEvent.Change.BLOCKED else [])
    return [link(event, event.subscription.login), label]


def _bill(bill: Bill) -> Sequence[str]:
    return [link(bill), state_label(summary.bill_state(bill, clock.local_date(timezone.now())))]


def _change(change: ScheduledChange) -> Sequence[str]:
    return [link(change), change.subscription.login, state_label(change.status)]


MORE: dict[type[Model], Callable[[Any], Sequence[str]]] = {
    AccessEvent: _access,
    Bill: _bill,
    Payment: lambda payment: [link(payment), capfirst(payment.get_method_display())],
    CreditNote: lambda note: [link(note), note.reason],
    Reversal: lambda reversal: [link(reversal), reversal.reason],
    Promise: lambda promise: [link(promise), promise.why],
    Exclusion: lambda exclusion: [link(exclusion), exclusion.why],
    Hold: lambda hold: [link(hold), hold.subscription.login, hold.note],
    ScheduledChange: _change,
}
