"""Column types that several tables share."""

from collections.abc import Sequence
from typing import Any

from django.db import models


class MoneyField(models.DecimalField):
    """An amount in the installation's currency, NUMERIC(14, 3): up to 99,999,999,999.999.

    Three decimals hold every currency in use (rule M1); amounts are rounded to the
    currency's own exponent in ``billing.rules.money`` before they get here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 14
        kwargs["decimal_places"] = 3
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs
