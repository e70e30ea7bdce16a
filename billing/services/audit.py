"""Write down what staff did; what changes master data is written down by PostgreSQL itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Model
from psycopg2.extras import Json

_NOTE = "SELECT billing_audit('action', %s, %s, %s, %s, %s, %s)"

Facts = Mapping[str, Any]


def note(row: Model, said: str, *, before: Facts | None = None, after: Facts | None = None) -> None:
    """Write down an action on ``row``: what it did, in words, and how things stood before and after it.

    Who acted and from where is known to the session; see ``utils.origin``.
    """
    note_of(row._meta.label_lower, row.pk, str(row), said, before=before, after=after)


def note_of(
    object_type: str,
    object_id: object,
    name: str,
    said: str,
    *,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """As ``note``, of an object by its type, such as ``billing.customer``, its id and its name."""
    values = [object_type, str(object_id), name, str(said), _json(before), _json(after)]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


def _json(facts: Facts | None) -> Json | None:
    return Json(facts, dumps=DjangoJSONEncoder().encode) if facts else None
