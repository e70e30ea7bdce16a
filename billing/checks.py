"""System checks of the business settings; they stop the start with an id and a hint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from billing.rules.money import is_currency


@register()
def currency_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if is_currency(settings.CURRENCY):
        return []
    return [
        Error(
            f"CURRENCY: {settings.CURRENCY!r} is not a currency.",
            hint="Write an ISO 4217 code, such as USD, EUR, INR, BDT or JPY.",
            id="billing.E001",
        )
    ]
