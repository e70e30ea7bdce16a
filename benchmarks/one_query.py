"""The web application of ``page_requests``: one page with one query, served as ``ONE_QUERY`` says."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

AS_BUILT, STARTED, ALONE, ANEW = "as built", "started", "alone", "anew"
STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
KIND = os.environ.get("ONE_QUERY", AS_BUILT)


def page(request: HttpRequest) -> HttpResponse:
    from billing.models import Plan

    return HttpResponse(Plan.objects.values_list("name", flat=True)[0])


settings.ROOT_URLCONF = __name__
if KIND == STARTED:
    settings.MIDDLEWARE = STARTPROJECT
if KIND == ALONE:
    settings.MIDDLEWARE = []
if KIND == ANEW:
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
application = get_wsgi_application()

from isp_billing import urls  # noqa: E402  (there are no models before)

urlpatterns = [path("one-query", page), *urls.urlpatterns]
