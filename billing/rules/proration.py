"""The price of a part of a period (rule M3)."""

from decimal import Decimal

from billing.rules.money import rounded
from billing.rules.periods import Period


def prorated(price: Decimal, period: Period, currency: str) -> Decimal:
    """``price × days ÷ days of the full period``, rounded once."""
    return rounded(price * period.days / period.full_days, currency)
