"""Gapless document numbers (rule M10)."""

from __future__ import annotations

from django.db import connection

from billing.models import NumberSeries

SERIES = {
    "bill": NumberSeries(key="bill", prefix="B"),
    "receipt": NumberSeries(key="receipt", prefix="R"),
    "customer": NumberSeries(key="customer", prefix="C"),
}


def take(key: str) -> tuple[int, str]:
    """The next value of a series and its printed form; the row stays locked until commit.

    Call it as the last lock of a transaction, so that parallel documents wait shortly.
    """
    default = SERIES[key]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_numberseries AS series (key, prefix, digits, last_value)
            VALUES (%s, %s, %s, 1)
            ON CONFLICT (key) DO UPDATE SET last_value = series.last_value + 1
            RETURNING last_value, prefix, digits
            """,
            [default.key, default.prefix, default.digits],
        )
        value, prefix, digits = cursor.fetchone()
    return value, NumberSeries(key=key, prefix=prefix, digits=digits).formatted(value)
