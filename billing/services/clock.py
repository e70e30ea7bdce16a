"""The installation's business zone (rule T1). The instant itself always comes in as ``now``."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def local_date(now: datetime) -> date:
    """The business date at ``now``."""
    return now.astimezone(zone()).date()
