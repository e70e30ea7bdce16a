"""The language of a page: that which its reader chose, else that of the installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageMiddleware(LocaleMiddleware):
    """Django's own, but the browser's preferences do not count: all desks of a provider begin in one language."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()


@receiver(request_finished)
def forget(**_: Any) -> None:
    """What a thread does after a page, and after the last byte of a download, is in the installation's language."""
    translation.deactivate()
