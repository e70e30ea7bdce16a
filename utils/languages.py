"""The language of a page: that which its reader chose, else that of the installation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers


class LanguageMiddleware:
    """Reads the cookie only, not the browser's preferences: all desks of a provider begin in one language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translation.activate(chosen if chosen in _offered() else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Cookie"])
        return response


@cache
def _offered() -> frozenset[str]:
    return frozenset(dict(settings.LANGUAGES))


@receiver(request_finished)
def forget(**_: Any) -> None:
    """What a thread does after a page, and after the last byte of a download, is in the installation's language."""
    translation.deactivate()
