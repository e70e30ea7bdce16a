"""System checks of the business settings; they stop the start with an id and a hint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from billing.rules.errors import Refused
from billing.rules.late_fee import LateFee
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


@register()
def late_fee_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        LateFee.parse(settings.LATE_FEE, settings.CURRENCY)
    except Refused as refused:
        hint = "Write 0 for none, an amount such as 5.00, or a percentage such as 2%."
        return [Error(f"LATE_FEE: {refused}", hint=hint, id="billing.E002")]
    return []
