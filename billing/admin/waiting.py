"""What waits for staff today: counted at this moment, each by an index of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from billing.admin import banner, scheduler_page, who_will_be_cut
from billing.admin.cards import Card, Section
from billing.admin.formatting import list_of, money, page_of
from billing.models import BillingState, Block, Promise, ScheduledChange, Subscription, UnmatchedPayment
from billing.services import areas, clock, deferral_states, expiry_preview, summary, troubles
from billing.services.expiry_preview import Chosen


def section(request: HttpRequest, now: datetime) -> Section:
    """The cards of what this user may see; what is well has no card."""
    user: Any = request.user
    cards: list[Card] = []
    parts: list[tuple[str, Callable[[Any, datetime], list[Card]]]] = [
        ("billing.view_promise", _promises),
        ("billing.view_subscription", _unpaid),
        ("billing.view_billingstate", _not_billed),
        ("billing.view_scheduledchange", _failed_changes),
        ("billing.view_sweeprun", _not_disabled),
        ("billing.view_unmatchedpayment", _unmatched),
    ]
    if who_will_be_cut.may_see(request):
        cards.extend(_cuts(user, now))
    for permission, make in parts:
        if user.has_perm(permission):
            cards.extend(make(user, now))
    if scheduler_page.may_see(request) and (late := banner.problems()):
        note = _("see what is wrong and what to do")
        cards.append(Card(_("Scheduler"), f"{late:,}", note, scheduler_page.address(), "monitor_heart", True))
    return Section(_("Needs attention"), cards, _("as of this moment"))


def _cuts(user: Any, now: datetime) -> list[Card]:
    chosen = Chosen(areas=areas.of(user))
    today, tomorrow = (expiry_preview.due_at(expiry_preview.last_cut(days, now=now), chosen) for days in (0, 1))
    address, note = who_will_be_cut.address(), _("if nothing is paid")
    return [
        Card(_("To be cut today"), f"{today:,}", note, address, "content_cut"),
        Card(_("To be cut tomorrow"), f"{tomorrow - today:,}", note, f"{address}?days=1", "content_cut"),
    ]


def _promises(user: Any, now: datetime) -> list[Card]:
    today = clock.local_date(now)
    running = deferral_states.in_state(areas.seen(user, Promise.objects.all()), "running", now=now)
    ending = running.filter(until__range=(today, today + timedelta(days=1))).count()
    query = f"?state=running&until__gte={today}&until__lt={today + timedelta(days=2)}"
    return [Card(_("Promises end"), f"{ending:,}", _("today or tomorrow"), list_of(Promise, query), "handshake")]


def _unpaid(user: Any, now: datetime) -> list[Card]:
    blocks = areas.seen(user, Block.objects.filter(reason=Block.Reason.UNPAID, closed_at=None))
    address = list_of(Subscription, "?access=unpaid")
    return [Card(_("Off as unpaid"), f"{blocks.count():,}", _("subscriptions"), address, "wifi_off")]


def _not_billed(user: Any, now: datetime) -> list[Card]:
    count = summary.needs_review(areas.seen(user, BillingState.objects.all())).count()
    card = Card(_("Not billed"), f"{count:,}", _("set aside: needs review"), list_of(BillingState), "rule")
    return _if_any(count, card)


def _failed_changes(user: Any, now: datetime) -> list[Card]:
    failed = areas.seen(user, ScheduledChange.objects.filter(status=ScheduledChange.Status.FAILED)).count()
    address = list_of(ScheduledChange, "?status__exact=failed")
    card = Card(_("Changes that failed"), f"{failed:,}", _("try again or take back"), address, "sync_problem")
    return _if_any(failed, card)


def _unmatched(user: Any, now: datetime) -> list[Card]:
    if areas.of(user):  # nobody knows yet of which area it is
        return []
    found = UnmatchedPayment.objects.filter(closed_at=None).aggregate(count=Count("pk"), amount=Sum("amount"))
    address = list_of(UnmatchedPayment, "?state=open")
    note = _("%s, nobody's yet") % money(found["amount"] or Decimal(0))
    card = Card(_("Unmatched money"), f"{found['count']:,}", note, address, "help")
    return _if_any(found["count"], card)


def _not_disabled(user: Any, now: datetime) -> list[Card]:
    found = troubles.set_aside(now)
    if not found:
        return []
    note = _("set aside by the expiry check")
    return [Card(_("Not disabled"), f"{len(found):,}", note, page_of(found[0].run), "event_busy", alarming=True)]


def _if_any(count: int, card: Card) -> list[Card]:
    return [replace(card, alarming=True)] if count else []
