"""When a subscription may be cut, as staff read it: the calendar is in it (rules E10, E11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from billing.admin.formatting import NONE, instant
from billing.rules.access import NEVER
from billing.rules.calendar import WorkingCalendar
from billing.services import policy


def cut_off(at: datetime | None, calendar: WorkingCalendar) -> str:
    """The first instant at which the stored cut-off ``at`` may cut, or "never"."""
    if at is None:
        return NONE
    return instant(at if at == NEVER else calendar.first_cut(at))


class ShowsCutOff:
    """A list whose rows tell when they may be cut; the calendar is asked for once a page."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)  # type: ignore[misc]
        calendar = policy.calendar()
        for row in found.result_list:
            row.calendar = calendar
        return found

    def cut_off_of(self, row: Any, at: datetime | None) -> str:
        return cut_off(at, vars(row).get("calendar") or policy.calendar())
