"""What happened to a customer, of all kinds in one order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Model, QuerySet, Value

from billing.models import (
    AccessEvent,
    Bill,
    CreditNote,
    CustomerNote,
    Exclusion,
    Hold,
    Payment,
    Promise,
    Reversal,
    ScheduledChange,
)


class Kind(NamedTuple):
    """Events of one table: when each was, who did it, and how it belongs to the customer."""

    at: str
    by: str
    path: str = "customer"
    also: tuple[str, ...] = ()  # what its text needs


KINDS: dict[type[Model], Kind] = {
    AccessEvent: Kind("at", "actor", "subscription__customer", ("subscription",)),
    Bill: Kind("issued_at", "issued_by"),
    Payment: Kind("received_at", "received_by"),
    CreditNote: Kind("issued_at", "issued_by"),
    Reversal: Kind("reversed_at", "reversed_by", also=("payment", "credit_note")),
    Promise: Kind("created_at", "created_by"),
    Exclusion: Kind("created_at", "created_by"),
    Hold: Kind("created_at", "created_by", "subscription__customer", ("subscription",)),
    ScheduledChange: Kind("created_at", "created_by", "subscription__customer", ("subscription",)),
    CustomerNote: Kind("written_at", "written_by"),
}


class Happened(NamedTuple):
    at: datetime
    row: Model
    by: object  # the member of staff, or None


def latest(customer_id: int, kinds: Collection[type[Model]], *, most: int) -> list[Happened]:
    """The last ``most`` events of those ``kinds``, the newest first.

    One query finds them all, and one for each kind that is among them reads them.
    """
    if not kinds:
        return []
    first, *others = [_keys(model, customer_id, most) for model in KINDS if model in kinds]
    found = list(first.union(*others, all=True).order_by("-happened_at", "-key")[:most] if others else first)
    rows = _rows(found)
    return [_happened(rows[name, key]) for name, key, _at in found]


def _keys(model: type[Model], customer_id: int, most: int) -> QuerySet[Any, tuple[str, int, datetime]]:
    kind = KINDS[model]
    own = model._default_manager.filter(**{kind.path: customer_id}).order_by(f"-{kind.at}")
    named = own.annotate(table=Value(model.__name__), key=F("pk"), happened_at=F(kind.at))
    keys: QuerySet[Any, tuple[str, int, datetime]] = named.values_list("table", "key", "happened_at")
    return keys[:most]


def _rows(found: Sequence[tuple[str, int, datetime]]) -> dict[tuple[str, int], Model]:
    keys = defaultdict(set)
    for name, key, _at in found:
        keys[name].add(key)
    rows: dict[tuple[str, int], Model] = {}
    for model, kind in KINDS.items():
        name = model.__name__
        if name in keys:
            read = model._default_manager.select_related(kind.by, *kind.also).in_bulk(keys[name])
            rows |= {(name, key): row for key, row in read.items()}
    return rows


def _happened(row: Model) -> Happened:
    kind = KINDS[type(row)]
    return Happened(getattr(row, kind.at), row, getattr(row, kind.by))
