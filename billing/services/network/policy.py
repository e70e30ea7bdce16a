"""What PostgreSQL needs to know of the settings to answer routers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from billing.models import NetworkPolicy, OnlineSession

# After so long without a word a session counts as ended; ``told`` is the row of settings. Until it ends, a session is
# reported at the interval with which it began.
SILENCE = """3 * interval '1 second' * CASE
    WHEN session.started_at < told.interim_since THEN greatest(told.interim_seconds, told.former_interim_seconds)
    ELSE told.interim_seconds END"""


def follow() -> bool:
    """Bring the row that PostgreSQL answers routers by in line with the settings; whether it changed.

    Sessions that run under the former policy are found by their class, which is another one then.
    """
    wanted = _wanted()
    if NetworkPolicy.objects.filter(pk=1, **wanted).exists():
        return False
    NetworkPolicy.objects.update_or_create(pk=1, defaults={**wanted, **_former(wanted["interim_seconds"])})
    return True


def _former(interim_seconds: int) -> dict[str, Any]:
    """What is to be remembered when new sessions are reported at another interval than those that are open."""
    row = NetworkPolicy.objects.filter(pk=1).exclude(interim_seconds=interim_seconds).first()
    if row is None:
        return {}
    former = [row.interim_seconds]
    if row.interim_since and OnlineSession.objects.filter(started_at__lt=row.interim_since).exists():
        former.append(row.former_interim_seconds)
    return {"former_interim_seconds": max(former), "interim_since": Now()}


def _wanted() -> dict[str, Any]:
    return {
        "unpaid_access": settings.UNPAID_ACCESS,
        "garden_kbps": settings.GARDEN_KBPS,
        "garden_pool": settings.GARDEN_POOL,
        "garden_address_list": settings.GARDEN_ADDRESS_LIST,
        "interim_seconds": settings.NETWORK_INTERIM_SECONDS,
        "time_zone": settings.TIME_ZONE,
    }
