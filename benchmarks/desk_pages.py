"""What a cashier waits for: matches while typing, the customer's page, and a payment with its preview."""

from __future__ import annotations

import re
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import reverse

from benchmarks import history
from benchmarks.measuring import OURS, Course, Race, Work
from benchmarks.stock_admin import ADMINS, STOCK
from billing.admin.formatting import page_of
from billing.models import Bill, Customer

WORK = Work("Matches while typing", "search", single_rows=True, limit=OURS)
CUSTOMER = Work("Page of a customer", "page", single_rows=True, limit=OURS)
PAYMENT = Work("Payment with its preview, three requests", "payment", single_rows=True, limit=OURS)
SEARCHES, PAGES, PAYMENTS = 60, 30, 30
SHORT = ("l a", "an", "555", "c0", "b0")  # what is typed first, and many have


def race(course: Course) -> list[Race]:
    """Whole requests of ours, signed in; of django-unfold as it comes, the view alone and no sign-in."""
    history.populate(course.size)
    user = get_user_model().objects.get(username="admin")
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    some = Customer.objects.in_bulk(Random(course.size).sample(range(1, course.size + 1), PAGES)).values()
    return [_typing(client, user, course.size, list(some)), _pages(client, user, course.size, list(some)),
            _payments(client, course.size)]  # fmt: skip


def _typing(client: Client, user: Any, size: int, some: list[Customer]) -> Race:
    race, address = Race(WORK, size), reverse("counter_matches")
    texts = [typed for one in some for typed in (one.name[:4], one.phone[:-2], one.code, one.name.split()[-1])]
    for _, text in zip(range(SEARCHES), cycle([*SHORT, *texts]), strict=False):
        race.run(OURS, 1, partial(_get, client, f"{address}?q={text}"))
        race.run(STOCK, 1, partial(_stock_list, user, text))
    return race


def _pages(client: Client, user: Any, size: int, some: list[Customer]) -> Race:
    race = Race(CUSTOMER, size)
    for customer in some:
        race.run(OURS, 1, partial(_get, client, page_of(customer)))
        race.run(STOCK, 1, partial(_stock_page, user, customer))
    return race


def _payments(client: Client, size: int) -> Race:
    race = Race(PAYMENT, size)
    owing = Bill.objects.filter(status="open").order_by("due_on", "pk").values_list("customer", flat=True)
    for customer in Customer.objects.filter(pk__in=list(owing[:PAYMENTS])):
        race.run(OURS, 1, partial(_pay, client, customer))
    return race


def _get(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


def _pay(client: Client, customer: Customer) -> None:
    """The form as it is offered, its preview, and the payment itself."""
    address = reverse("admin:billing_customer_receive_payment", args=[customer.pk])
    form = client.get(address).content.decode()
    values = {"method": "cash", **dict(re.findall(r'<input type="\w+" name="(\w+)" value="([^"]*)"', form))}
    assert client.post(address, values).status_code == 200
    assert client.post(address, {**values, "confirmed": "1"}).status_code == 302


def _stock_list(user: Any, text: str) -> None:
    ADMINS[Customer].changelist_view(_request(user, {"q": text})).render()


def _stock_page(user: Any, customer: Customer) -> None:
    ADMINS[Customer].changeform_view(_request(user, {}), str(customer.pk)).render()


def _request(user: Any, query: dict[str, str]) -> Any:
    request = RequestFactory().get("/admin/", query)
    request.user, request.session = user, {}
    return request
