"""What PostgreSQL needs to know of the settings to answer routers."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from billing.models import NetworkPolicy


def follow() -> bool:
    """Bring the row that PostgreSQL answers routers by in line with the settings; whether it changed.

    Sessions that run under the former policy are found by their class, which is another one then.
    """
    wanted = _wanted()
    if NetworkPolicy.objects.filter(pk=1, **wanted).exists():
        return False
    NetworkPolicy.objects.update_or_create(pk=1, defaults=wanted)
    return True


def _wanted() -> dict[str, Any]:
    return {
        "unpaid_access": settings.UNPAID_ACCESS,
        "garden_kbps": settings.GARDEN_KBPS,
        "garden_pool": settings.GARDEN_POOL,
        "garden_address_list": settings.GARDEN_ADDRESS_LIST,
        "interim_seconds": settings.NETWORK_INTERIM_SECONDS,
        "time_zone": settings.TIME_ZONE,
    }
