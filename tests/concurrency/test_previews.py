"""A preview does not wait for somebody who is working on the same customer."""

import pytest
from django.db import connection

from billing.services import holds, rehearsal
from tests.builders import at, make_subscription
from tests.faces.conftest import shown_messages, url

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-01-10T08:00")


@pytest.fixture
def held():
    subscription = make_subscription()
    holds.hold(subscription=subscription, starts_on=NOW.date(), now=NOW)
    return subscription


@pytest.fixture
def somebody_elses_transaction():
    other = connection.copy()
    other.set_autocommit(False)
    yield other
    other.rollback()
    other.close()


def lock(transaction, customer):
    with transaction.cursor() as cursor:
        cursor.execute("SELECT FROM billing_customer WHERE id = %s FOR NO KEY UPDATE", [customer.pk])


@pytest.mark.parametrize("action", ["resume", "renew"])
def test_a_page_that_previews_says_that_somebody_else_is_working_on_the_customer(
    admin_client, held, somebody_elses_transaction, monkeypatch, action
):
    monkeypatch.setattr(rehearsal, "LOCK_WAIT", 0.05)
    if action == "renew":
        holds.resume(subscription=held, now=NOW)
    lock(somebody_elses_transaction, held.customer)
    response = admin_client.get(url(held, action), follow=True)
    assert response.status_code == 200
    facts = str(response.context["facts"]) if action == "renew" else shown_messages(response)
    assert str(rehearsal.BUSY) in facts
    somebody_elses_transaction.rollback()
    assert str(rehearsal.BUSY) not in str(admin_client.get(url(held, action)).context["facts"])
