"""No list of the staff reads or counts a whole table: not its pages, filters, orders and searches."""

import itertools
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from billing.admin.lists import FastList
from tests.faces.conftest import list_url
from tests.faces.test_lists import MODELS, add_one_of_everything

# Tables that stay small whatever the number of customers, or that are cleaned after days.
SMALL = {
    "auth.Group", "auth.User", "billing.Area", "billing.Holiday", "billing.NumberSeries", "billing.Plan",
    "billing.Router", "billing.TaxRate", "django_apscheduler.DjangoJob", "django_apscheduler.DjangoJobExecution",
    "utils.Instance", "utils.JobRequest", "utils.Alarm", "axes.AccessAttempt",
}  # fmt: skip


def add_two():
    add_one_of_everything()
    add_one_of_everything()


@pytest.fixture(scope="module")
def rows(django_db_setup, django_db_blocker):
    """A database for all tests of this module, with two rows of everything, and what adds two more."""
    with django_db_blocker.unblock():
        block = transaction.atomic()
        block._from_testcase = True  # services may own their transaction in it
        with block, pytest.MonkeyPatch.context() as patch:
            patch.setattr(FastList, "list_per_page", 1)
            add_two()
            yield add_two
            transaction.set_rollback(True)


def the_list(user, model, query=""):
    request = RequestFactory().get(list_url(model, query))
    request.user = user
    return admin.site.get_model_admin(model).get_changelist_instance(request)


def addresses(user, model):
    """The query of every page, filter and order that the list offers, and of a search."""
    found = the_list(user, model)
    yield from ("", "?p=last", "?q=C000001")
    for spec in found.filter_specs:
        yield from (choice["query_string"] for choice in spec.choices(found) if not choice["selected"])
    for place, shown in enumerate(found.list_display):
        if shown in found.sortable_by:
            yield from (f"?o={place}", f"?o=-{place}")


@pytest.fixture(scope="module")
def asked(rows):
    """The statements of each address with N and with 3N rows, and those of the whole first page."""
    user = User.objects.create_superuser("reader")
    client = Client()
    client.force_login(user)
    queries = {(model, query): [] for model in MODELS for query in addresses(user, model)}
    pages = {model: [] for model in MODELS}
    for more in (0, 2):
        for _ in range(more):
            rows()
        for (model, query), found in queries.items():
            found.append(statements(lambda model=model, query=query: the_list(user, model, query)))
        for model in MODELS:
            cache.clear()  # so that each page asks for the banner
            pages[model].append(statements(lambda model=model: client.get(list_url(model))))
    return queries, pages


def statements(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_asks_no_more_for_three_times_the_rows(asked, model):
    queries, pages = asked
    found = {query: counts for (listed, query), counts in queries.items() if listed is model}
    assert len(found) >= 3
    grown = {query: few for query, (few, many) in [*found.items(), ("page", pages[model])] if len(many) > len(few)}
    assert grown == {}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_counts_and_skips_no_table(asked, model):
    queries, pages = asked
    for sql in itertools.chain(pages[model][1], *(both[1] for (listed, _), both in queries.items() if listed is model)):
        assert " OFFSET " not in sql
        assert "COUNT(" not in sql or "LIMIT" in sql


def keys(user, model):
    """Every order that the list may take."""
    for query in addresses(user, model):
        yield the_list(user, model, query).key.removeprefix("-")


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model._meta.label not in SMALL], ids=lambda m: m.__name__
)
def test_an_index_has_every_order_of_a_large_list(rows, model):
    user = User.objects.first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [model._meta.db_table])
        leading = {re.search(r"\((\w+)", row[0])[1] for row in cursor.fetchall()}
    for key in set(keys(user, model)):
        field = model._meta.pk if key == "pk" else model._meta.get_field(key)
        assert field.column in leading, key
