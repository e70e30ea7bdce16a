"""The web application of the five tasks: ours, and django-unfold's forms as they come, each answer with its time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

HEADER = "X-Server-Seconds"
STOCK = os.environ.get("DESK_TASKS") == "stock"


class Timed:
    """Says how long the server worked on an answer, from the first middleware to the last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        answer = self._get_response(request)
        answer[HEADER] = f"{time.perf_counter() - began:.6f}"
        return answer


settings.MIDDLEWARE.insert(0, f"{__name__}.Timed")
settings.ROOT_URLCONF = __name__
if STOCK:  # what is entered by hand is not what our triggers keep
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c session_replication_role=replica"
application = get_wsgi_application()

from benchmarks.desk_tasks import forms  # noqa: E402  (there are no models before)
from isp_billing import urls  # noqa: E402

urlpatterns: list[Any] = [path("admin/stock/", forms.site.urls), *urls.urlpatterns]
