"""Find a customer, and what is theirs, by what the desk is told: a code, phone, login, number or name.

What is typed in full is answered by an index alone; only then are names and parts looked through.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from billing.models import Customer, Subscription

MOST_CUSTOMERS = 500  # of a vague search; more rows than anybody reads


def find_customers(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Those with exactly this code, phone or login; else those with every word in name, code or phone."""
    text = text.strip()
    if not text:
        return customers
    logins = Subscription.objects.filter(login=text).values_list("customer_id", flat=True)
    exactly = Q(code__in=[text, text.upper()]) | Q(phone=text) | Q(pk__in=list(logins))
    if found := list(Customer.objects.filter(exactly).values_list("pk", flat=True)):
        return customers.filter(pk__in=found)
    for word in text.split():
        customers = customers.filter(
            Q(name__icontains=word) | Q(code__istartswith=word) | Q(phone__contains=word) | Q(pk__in=_by_login(word))
        )
    return customers


def _by_login(start: str) -> list[int]:
    logins = Subscription.objects.filter(login__startswith=start)
    return list(logins.values_list("customer_id", flat=True)[:MOST_CUSTOMERS])


class SearchedByCustomer:
    """A list that is searched by a number of its own (``number_field``) and by its customer."""

    number_field = "number"
    customer_field = "customer"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[Any], bool]:
        text = text.strip()
        if not text:
            return queryset, False
        number = self.number_field
        numbered: QuerySet[Model] = queryset.filter(Q(**{number: text}) | Q(**{number: text.upper()}))
        if numbered.order_by().exists():
            return numbered, False
        customers = find_customers(Customer.objects.all(), text).order_by().values_list("pk", flat=True)
        mine = Q(**{f"{self.customer_field}__in": list(customers[:MOST_CUSTOMERS])})
        starts = Q(**{f"{number}__startswith": text}) | Q(**{f"{number}__startswith": text.upper()})
        return queryset.filter(mine | starts), False
