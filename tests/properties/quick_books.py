"""The checks of ``verify_books`` as one prepared statement: on a small provider planning costs more than looking."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from psycopg2.extensions import AsIs

from billing.rules.money import exponent
from billing.services import policy
from billing.services.books.verifying import CHECKS


def differences(now) -> dict[str, str]:
    """The ids of the rows that differ, by the name of the check."""
    name = f"books_{settings.CURRENCY.lower()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = %s)", [name])
        if not cursor.fetchone()[0]:
            cursor.execute("SET jit = off; SET plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE {name} (timestamptz) AS {_all_checks(cursor.cursor)}")
        cursor.execute(f"EXECUTE {name} (%s)", [now])
        return dict(cursor.fetchall())


def _all_checks(cursor) -> str:
    parameters = {
        "now": AsIs("$1"),
        "currency": settings.CURRENCY,
        "decimals": exponent(settings.CURRENCY),
        "minimum": policy.minimum_debt(),
    }
    return " UNION ALL ".join(
        cursor.mogrify(
            f"SELECT %(check)s, string_agg(id::text, ', ') FROM ({check.query}) AS row "
            "WHERE stored IS DISTINCT FROM expected HAVING count(*) > 0",
            {**parameters, "check": check.name},
        ).decode()
        for check in CHECKS
        if not check.tolerated
    )
