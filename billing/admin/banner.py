"""The banner on every page of the staff when the scheduler is not well or something alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.admin import scheduler_page
from billing.services.wording import counted
from billing.words import gettext_noop
from utils.background_tasks import TIMETABLE
from utils.monitoring import status

KEY, SECONDS = "scheduler-banner", 15
LATE = "late:"  # alarms that say the same as the problems
LINK = '{} <a class="font-semibold underline" href="{}">{}</a>'
FOR_OTHERS = gettext_noop(
    "The scheduler is not well: overdue subscriptions may stay on, and bills and reminders may come late. "
    "A payment still brings a subscription back at once. Please tell your operator."
)


def of_request(request: HttpRequest) -> dict[str, Callable[[], list[Any]]]:
    """For the templates' context: asks only where a page shows the banner, once in ``SECONDS`` per process."""
    return {"scheduler_banner": lambda: sentences(request)}


def sentences(request: HttpRequest) -> list[Any]:
    """What this member of staff is told; nothing while all is well."""
    user = getattr(request, "user", None)
    if user is None or not user.is_staff:
        return []
    problems, alarms = _found()
    if not scheduler_page.may_see(request):
        return [_(FOR_OTHERS)] if problems else []
    told = [_first_of(problems, counted(len(problems) - 1, "more problem"))] if problems else []
    if alarms:
        first = _first_of(alarms, counted(len(alarms) - 1, "more alarm"))
        told.append(f"{counted(len(alarms), 'open alarm')}: {first}")
    return [
        format_html(LINK, sentence, scheduler_page.address(), _("Open the page of the scheduler")) for sentence in told
    ]


def problems() -> int:
    """How many things are wrong with the scheduler, such as jobs that are late."""
    return len(_found()[0])


def _found() -> tuple[list[str], list[str]]:
    key = f"{KEY}-{get_language()}"
    if (found := cache.get(key)) is None:
        cache.set(key, found := _look(), SECONDS)
    return found


def _look() -> tuple[list[str], list[str]]:
    found = status.current(TIMETABLE, timezone.now())
    told = [f"{alarm.text.rstrip('.')}." for alarm in found.alarms if not alarm.about.startswith(LATE)]
    return list(found.problems), told


def _first_of(texts: list[str], others: str) -> str:
    return texts[0] if len(texts) == 1 else _("{first} And {others}.").format(first=texts[0], others=others)
