"""Health pages for load balancers, containers and monitoring."""

from __future__ import annotations

from django.db import close_old_connections
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utils import outage
from utils.background_tasks import TIMETABLE
from utils.monitoring import status


@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """200 while this process answers; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and is migrated, else 503: whether this process can serve pages."""
    problem = outage.current()
    if problem is None:
        return JsonResponse({"status": "ok"})
    close_old_connections()
    return JsonResponse({"status": "unavailable", "reason": problem}, status=503)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the whole system is well, 503 with reasons when the database or the scheduler is not.

    It is for monitoring from outside: a restart of the web would not help a scheduler that is late.
    """
    if problem := outage.current():
        close_old_connections()
        return JsonResponse({"status": "unavailable", "database": "unavailable", "reasons": [problem]}, status=503)
    found = status.current(TIMETABLE, timezone.now())
    scheduler = "stale" if found.is_stale else "starting" if found.is_starting else "ok"
    answer = {
        "status": "stale" if found.is_stale else "ok",
        "database": "ok",
        "scheduler": scheduler,
        "jobs": {job.id: job.state for job in found.jobs},
        "reasons": found.problems,
    }
    return JsonResponse(answer, status=503 if found.is_stale else 200)
