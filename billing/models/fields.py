"""Column types that several tables share."""

from collections.abc import Sequence
from typing import Any

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


class BoxField(models.Field):
    """PostgreSQL's box, for index expressions only."""

    def db_type(self, connection: Any) -> str:
        return "box"


class DaysOf(Func):
    """The days of an owner's date range as a box of height 1: each owner has 2^22 places on one line.

    Boxes overlap when the owner is the same and the days overlap, so that one index refuses
    overlaps per owner. GiST takes a box in a fifth of the time that a range costs it; SP-GiST
    would get slower with every row that comes in the order of the owners.
    """

    output_field = BoxField()
    template = (
        "box(point(%(owner)s * 4194304 + (lower(%(days)s) - '0001-01-01'::date), 0), "
        "point(%(owner)s * 4194304 + coalesce(upper(%(days)s) - '0001-01-01'::date, 4194304) - 1, 1))"
    )

    def __init__(self, owner: str, days: str) -> None:
        self._columns = (owner, days)
        super().__init__(F(owner), F(days))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, Any]:
        owner, days = (compiler.compile(source)[0] for source in self.source_expressions)
        return self.template % {"owner": owner, "days": days}, ()

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return "billing.models.fields.DaysOf", self._columns, {}
