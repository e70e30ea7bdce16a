"""Pages of a list by the key of their rows: the next page begins after the last row of this one.

PostgreSQL goes to that key in the index and reads one page, however far back it is; page numbers would make it
read all the rows before (OFFSET). The last page is read from the other end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Field, Func, Model, QuerySet, Value

LAST, AFTER, BEFORE = "last", "after", "before"


@dataclass(frozen=True)
class Page:
    """The rows of a page, and where the pages beside it are: an empty place says that there is none."""

    rows: list[Any]
    previous: str = ""
    next: str = ""

    @property
    def is_all(self) -> bool:
        """Whether there are no other pages."""
        return not self.previous and not self.next


def total_order(model: type[Model], key: str) -> list[str]:
    """The order by ``key``, such as ``-issued_on``, and among equal ones by the primary key in the same direction."""
    field = _field(model, key)
    if field.unique and not field.null:
        return [key]
    return [key, "-pk" if key.startswith("-") else "pk"]


def page(rows: QuerySet[Any], key: str, *, place: str, size: int) -> Page:
    """The page at ``place`` of ``rows`` in the order of ``key``; a place that cannot be read is the first page."""
    order = total_order(rows.model, key)
    fields = [_field(rows.model, name) for name in order]
    where, _, text = place.partition(":")
    mark = _read(text, fields) if where in (AFTER, BEFORE) else None
    is_backward = where == LAST or (where == BEFORE and mark is not None)
    ordered = rows.order_by(*order)
    if mark is not None:
        ordered = ordered.filter(_beyond(fields, mark, is_greater=key.startswith("-") == is_backward))
    found = list((ordered.reverse() if is_backward else ordered)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if not is_backward:
        return _page(found, fields, has_previous=mark is not None, has_next=has_more)
    if mark is not None and not has_more:  # the first page, and perhaps a short one
        return page(rows, key, place="", size=size)
    return _page(found[::-1], fields, has_previous=has_more, has_next=mark is not None)


def _page(rows: list[Any], fields: list[Field], *, has_previous: bool, has_next: bool) -> Page:
    if not rows:
        return Page([])
    return Page(
        rows,
        previous=_place(BEFORE, rows[0], fields) if has_previous else "",
        next=_place(AFTER, rows[-1], fields) if has_next else "",
    )


def _field(model: type[Model], key: str) -> Any:
    name = key.removeprefix("-")
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _place(where: str, row: Any, fields: list[Field]) -> str:
    return f"{where}:{json.dumps([str(field.value_from_object(row)) for field in fields])}"


def _read(text: str, fields: list[Field]) -> list[Any] | None:
    try:
        values = json.loads(text)
        if not isinstance(values, list) or not all(isinstance(value, str) and "\x00" not in value for value in values):
            return None
        return [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, ValidationError):
        return None


class _RowComparison(Func):
    """Whether one row of values comes after another in the order of an index."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, list[Any]]:
        sides, parameters = [], []
        for expression in self.source_expressions:
            sql, values = compiler.compile(expression)
            sides.append(sql)
            parameters.extend(values)
        half = len(sides) // 2
        left, right = ", ".join(sides[:half]), ", ".join(sides[half:])
        return f"({left}) {self.extra['operator']} ({right})", parameters


def _beyond(fields: list[Field], mark: list[Any], *, is_greater: bool) -> Func:
    columns = [F(field.attname) for field in fields]
    values = [Value(value, output_field=field) for field, value in zip(fields, mark, strict=True)]
    return _RowComparison(*columns, *values, operator=">" if is_greater else "<")
