"""The search of the lists: by numbers of their own, else by the customers whom the counter would find."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from billing.services import areas, customer_search

# Of a vague search; more than anybody reads.
MOST_CUSTOMERS = 200
MOST_NUMBERS = 200
MOST_ROWS = 5_000
CUT = "search_is_cut"  # on the request: the list tells


def found_customers(request: HttpRequest, text: str) -> list[int]:
    """The ids of the customers for ``text``."""
    found = customer_search.find(text, limit=MOST_CUSTOMERS, areas=areas.of(request.user))
    vars(request)[CUT] = len(found) == MOST_CUSTOMERS
    return [match.customer_id for match in found]


class SearchedByCustomer:
    """A list that is searched by numbers (``number_fields``: unique columns, also of related rows) and by customer.

    What is typed in full is answered by its index alone. The rows are found before they are put in order: else
    PostgreSQL might walk the whole table in that order to find the few.
    """

    number_fields: tuple[str, ...] = ("number",)
    customer_field = "customer"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[Any], bool]:
        text, model = text.strip(), queryset.model
        if not text:
            return queryset, False
        for path in self.number_fields:
            if ids := _with_number(model, path, "exact", text):
                return queryset.filter(**{f"{_relation(path) or 'pk'}__in": ids}), False
        wanted: dict[str, Q] = defaultdict(Q)
        for path in self.number_fields:
            wanted[_relation(path)] |= Q(pk__in=_with_number(model, path, "startswith", text))
        column = self.customer_field.rpartition("__")[2]
        wanted[_relation(self.customer_field)] |= Q(**{f"{column}__in": found_customers(request, text)})
        rows = Q()
        for relation, condition in wanted.items():
            rows |= Q(**{f"{relation}__in": _ids(_owner(model, relation), condition)}) if relation else condition
        return queryset.filter(pk__in=_ids(model, rows)), False


def _relation(path: str) -> str:
    return path.rpartition("__")[0]


def _owner(model: type[Model], relation: str) -> type[Model]:
    related = get_fields_from_path(model, relation)[-1].related_model if relation else model
    assert isinstance(related, type)  # noqa: S101  # nosec B101
    return related


def _with_number(model: type[Model], path: str, lookup: str, text: str) -> list[Any]:
    column = path.rpartition("__")[2]
    matching = Q(**{f"{column}__{lookup}": text}) | Q(**{f"{column}__{lookup}": text.upper()})
    return _ids(_owner(model, _relation(path)), matching, most=MOST_NUMBERS)


def _ids(model: type[Model], matching: Q, *, most: int = MOST_ROWS) -> list[Any]:
    return list(model._default_manager.filter(matching).order_by().values_list("pk", flat=True)[:most])
