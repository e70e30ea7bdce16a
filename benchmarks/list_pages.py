"""The staff's list pages with a year of bills: first, last, filtered, in order, searched; and every list there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import RequestFactory

from benchmarks import history, installation, stock_admin
from benchmarks.measuring import LIMIT, OURS, Course, Race, Work
from benchmarks.stock_admin import STOCK
from billing.models import Bill, Customer, Subscription

WORK = Work("List pages", "page", single_rows=True, figure=max)
ALL = Work("Every page, filter and order of all lists", "page", single_rows=True, limit=OURS, figure=max)
REPETITIONS = 5  # of each page, in turns
WORD = "Xylander"
FILTERED_YEAR = "?issued_on__gte=2026-01-01&issued_on__lt=2027-01-01"
# Of each kind: the list, the query of ours, and that of the stock admin.
PAGES: dict[str, tuple[type, str, str]] = {
    "customers first": (Customer, "", ""),
    "customers last": (Customer, "?p=last", "?p={last}"),
    "customers off": (Customer, "?access=unpaid", "?subscriptions__access_state__is_on__exact=0"),
    "customers by code": (Customer, "?q={code}", "?q={code}"),
    "customers by login": (Customer, "?q={login}", "?q={login}"),
    "customers by phone": (Customer, "?q={phone}", "?q={phone}"),
    "customers by name": (Customer, "?q={name}", "?q={name}"),
    "customers by rare word": (Customer, "?q={word}", "?q={word}"),
    "bills first": (Bill, "", ""),
    "bills last": (Bill, "?p=last", "?p={last}"),
    "bills void": (Bill, "?state=void", "?status__exact=void"),
    "bills of a year by date": (Bill, f"{FILTERED_YEAR}&p=last", f"{FILTERED_YEAR}&o=3"),
    "bills by number": (Bill, "?q={number}", "?q={number}"),
    "bills by login": (Bill, "?q={login}", "?q={login}"),
    "bills by rare word": (Bill, "?q={word}", "?q={word}"),
}


def race(course: Course) -> list[Race]:
    """The kinds of pages beside the stock admin and the SQL of the rows alone; then all of ours."""
    history.populate(course.size)
    user, texts = get_user_model().objects.get(username="admin"), _texts(course.size)
    ours = {model: admin.site.get_model_admin(model) for model in stock_admin.ADMINS}
    last = {model: stock_admin.last_page(model) for model in stock_admin.ADMINS}
    overall, races = Race(WORK, course.size), []
    for name, (model, query, stock_query) in PAGES.items():
        values = {**texts, "last": last[model]}
        acts = {
            LIMIT: partial(_by_hand, course.by_hand, name, texts),
            OURS: partial(_page, ours[model], user, query.format(**values)),
            STOCK: partial(_page, stock_admin.ADMINS[model], user, stock_query.format(**values)),
        }
        races.append(_race(name, course.size, acts, overall))
    return [*races, overall, _all_lists(user, course.size)]


def _race(name: str, size: int, acts: dict[str, Callable[[], object]], overall: Race) -> Race:
    race = Race(Work(f"List page: {name}", "page", single_rows=True), size)
    for act in acts.values():
        act()
    for _ in range(REPETITIONS):
        for contender, act in acts.items():
            race.run(contender, 1, act)
    race.series[LIMIT].queries = 1
    for contender, series in race.series.items():
        for seconds in series.seconds:
            overall.add(contender, rows=1, seconds=seconds, queries=round(series.queries), memory=series.memory)
    return race


def _all_lists(user: Any, size: int) -> Race:
    """Each page of ours twice; the second time counts, as PostgreSQL holds in memory what is looked at every day."""
    race = Race(ALL, size)
    slowest: list[tuple[float, str]] = []
    for model, model_admin in admin.site._registry.items():
        for query in _addresses(model_admin, user):
            _page(model_admin, user, query)
            race.run(OURS, 1, partial(_page, model_admin, user, query))
            slowest.append((race.series[OURS].seconds[-1], f"{model._meta.label_lower} {query}"))
    for seconds, page in sorted(slowest, reverse=True)[:5]:
        print(f"{seconds * 1000:.0f} ms: {page}")
    return race


def _addresses(model_admin: Any, user: Any) -> Iterator[str]:
    found = model_admin.get_changelist_instance(_request(user, ""))
    queries = [choice["query_string"] for spec in found.filter_specs for choice in spec.choices(found)]
    queries += [
        f"?o={sign}{n}"
        for n, shown in enumerate(found.list_display)
        for sign in ("", "-")
        if shown in found.sortable_by
    ]
    for query in dict.fromkeys(["?", *queries]):
        yield from (query, f"{query}&p=last")


def _request(user: Any, query: str) -> Any:
    request = RequestFactory().get(f"/admin/{query}")
    request.user, request.session = user, {}
    return request


def _page(model_admin: Any, user: Any, query: str) -> None:
    cache.clear()
    answer = model_admin.changelist_view(_request(user, query))
    assert answer.status_code == 200, (query, answer.headers)
    answer.render()


def _by_hand(connection: Any, name: str, texts: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[name], texts)
        assert cursor.fetchall() or name == "bills void"


_STATEMENTS = dict(part.split("\n", 1) for part in installation.sql("list_pages").split("-- name: ")[1:])


def _texts(size: int) -> dict[str, str]:
    """What is looked for: somebody from the middle, and a name that nobody else has."""
    customer = Customer.objects.get(pk=size // 2)
    Customer.objects.filter(pk=customer.pk + 1).update(name=f"Ann {WORD}")
    return {
        "code": customer.code,
        "phone": customer.phone,
        "name": customer.name.lower(),
        "login": Subscription.objects.filter(customer=customer).earliest("pk").login,
        "number": Bill.objects.filter(customer=customer).latest("pk").number or "",
        "word": WORD.lower(),
    }
