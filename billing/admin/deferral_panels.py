"""What a customer's page shows of promises and exclusions (rule E11)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from billing.admin.deferral_actions import TakeBack, TakeBackExclusion, TakeBackPromise
from billing.admin.formatting import NONE, day, instant, link, state_label
from billing.admin.panels import Panel, columns
from billing.models import Exclusion, Promise
from billing.services import deferral_states

LAST = 10
HEADS = columns(
    "What",
    "Until",
    "State",
    "Why",
    "Reminders",
    "Noted",
    "By",
    "Taken back",
    "",
)
TAKEN_BACK_BY: dict[type[Any], type[TakeBack]] = {Promise: TakeBackPromise, Exclusion: TakeBackExclusion}


def deferrals_panel(request: HttpRequest, customer_id: int) -> Panel | None:
    """The last promises and exclusions, the newest first, as far as ``request`` may see them."""
    seen = [model for model in TAKEN_BACK_BY if request.user.has_perm(f"billing.view_{model._meta.model_name}")]
    if not seen:
        return None
    found: list[Promise | Exclusion] = []
    for model in seen:
        own = model._default_manager.filter(customer=customer_id)
        found += own.select_related("created_by", "ended_by").order_by("-pk")[:LAST]
    found.sort(key=lambda one: one.created_at, reverse=True)
    rows = [_row(request, one) for one in found]
    return Panel(_("Promises and exclusions"), HEADS, rows, empty=_("No promise to pay and no exclusion from cuts."))


def _row(request: HttpRequest, one: Promise | Exclusion) -> tuple[object, ...]:
    state = deferral_states.state(one, now=timezone.now())
    return (
        link(one, type(one).__name__),
        day(one.until) if one.until else _("never cut"),
        state_label(state),
        one.why,
        _reminders(one),
        instant(one.created_at),
        one.created_by or NONE,
        f"{instant(one.ended_at)}, {one.ended_by or NONE}" if one.ended_at else NONE,
        _take_back(request, one) if state == "running" else "",
    )


def _reminders(one: Promise | Exclusion) -> str:
    return _("go on") if isinstance(one, Exclusion) and one.notices else _("rest")


def _take_back(request: HttpRequest, one: Promise | Exclusion) -> str:
    if not request.user.has_perm(TAKEN_BACK_BY[type(one)].permission):
        return ""
    address = reverse(f"admin:billing_{one._meta.model_name}_take_back", args=[one.pk])
    return format_html('<a class="text-link" href="{}">Take back</a>', address)
