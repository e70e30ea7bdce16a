"""Health pages for load balancers, containers and monitoring."""

from __future__ import annotations

from django.db import close_old_connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utils import outage


@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """200 while this process answers; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and is migrated, else 503."""
    problem = outage.current()
    if problem is None:
        return JsonResponse({"status": "ok"})
    close_old_connections()
    return JsonResponse({"status": "unavailable", "reason": problem}, status=503)
