"""Gapless document numbers (rule M10)."""

from __future__ import annotations

from datetime import date

from django.db import connection

from billing.models import NumberSeries

SERIES = {
    "bill": NumberSeries(key="bill", prefix="B"),
    "receipt": NumberSeries(key="receipt", prefix="R"),
    "credit note": NumberSeries(key="credit note", prefix="CN"),
    "customer": NumberSeries(key="customer", prefix="C"),
}


def take(key: str, *, on: date) -> tuple[int, str]:
    """The next value of a series and its printed form; the row stays locked until commit."""
    return take_many(key, 1, on=on)[0]


def take_many(key: str, count: int, *, on: date) -> list[tuple[int, str]]:
    """The next ``count`` values of a series, each with its printed form for a document of day ``on``.

    The row stays locked until commit: call it as the last lock of a transaction, so that parallel
    documents wait shortly, and a rolled-back one gives its numbers back.
    """
    default = SERIES[key]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_numberseries AS series (key, prefix, digits, last_value)
            VALUES (%s, %s, %s, %s)
            ON CONFLICT (key) DO UPDATE SET last_value = series.last_value + excluded.last_value
            RETURNING last_value, prefix, digits
            """,
            [default.key, default.prefix, default.digits, count],
        )
        last, prefix, digits = cursor.fetchone()
    series = NumberSeries(key=key, prefix=prefix, digits=digits)
    return [(value, series.formatted(value, on)) for value in range(last - count + 1, last + 1)]
