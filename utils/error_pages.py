"""What a visitor sees when something fails: what to do, never a traceback."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from utils import outage


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is down or not migrated, 500 for anything else; the log tells more."""
    error = sys.exc_info()[1]
    if error and outage.explain(error):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "15"})
    return HttpResponse(render_to_string("500.html"), status=500)
