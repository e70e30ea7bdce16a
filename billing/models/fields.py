"""Column types that several tables share."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import BigIntegerRangeField
from django.db import models
from django.db.models import F, Func


class FixedDecimalField(models.DecimalField):
    """A decimal whose precision belongs to the type, not to the column."""

    precision: tuple[int, int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = self.precision
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class MoneyField(FixedDecimalField):
    """An amount in the installation's currency, NUMERIC(14, 3): up to 99,999,999,999.999.

    Three decimals hold every currency in use (rule M1); amounts are rounded to the
    currency's own exponent in ``billing.rules.money`` before they get here.
    """

    precision = (14, 3)


class PercentField(FixedDecimalField):
    """A percentage with up to four decimals, such as 23.3333."""

    precision = (7, 4)


class DaysOf(Func):
    """The days of an owner's date range as one range of numbers: a share of 2^20 per owner.

    Two of them overlap when the owner is the same and the days overlap, so that one index over
    a single range refuses overlaps per owner; it costs half of an index over owner and days.
    """

    output_field = BigIntegerRangeField()
    template = (
        "int8range(%(owner)s * 1048576 + (lower(%(days)s) - '2000-01-01'::date), "
        "%(owner)s * 1048576 + coalesce(upper(%(days)s) - '2000-01-01'::date, 1048575))"
    )

    def __init__(self, owner: str, days: str) -> None:
        self._columns = (owner, days)
        super().__init__(F(owner), F(days))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, Any]:
        owner, days = (compiler.compile(source)[0] for source in self.source_expressions)
        return self.template % {"owner": owner, "days": days}, ()

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return "billing.models.fields.DaysOf", self._columns, {}
