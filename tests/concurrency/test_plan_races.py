"""A plan is edited at the moment in which its subscriptions are billed or opened (rules B2, T6)."""

import time
from datetime import date
from functools import partial
from threading import Event

import pytest

from billing.models import BillingState, Plan
from billing.services import billing_run, billing_states, locks, plans
from tests import many
from tests.builders import at, make_plan, make_subscription
from tests.concurrency.races import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-01-01T08:00")
WINDOW = 0.5  # seconds


@pytest.fixture
def has_read(monkeypatch):
    """Set when the first transaction has read what decides the next bill; it waits a while before it writes it."""

    def slowly(values):
        if not event.is_set():
            event.set()
            time.sleep(WINDOW)
        return array(values)

    event, array = Event(), billing_states.array
    monkeypatch.setattr(billing_states, "array", slowly)
    return event


def bring_forward(plan, has_read):
    assert has_read.wait(30)
    plan.lead_days = 7
    plans.change(plan, ["lead_days"], now=NOW)


def billed_during_the_edit(has_read):
    plan = make_plan()
    many.subscribe_many(3, customers=3, plan=plan, starts_on=NOW.date(), now=NOW)
    together(partial(billing_run.generate, now=NOW, limit=500), partial(bring_forward, plan, has_read))
    return next_bills()


def opened_during_the_edit(has_read):
    plan = make_plan()
    together(partial(make_subscription, plan=plan), partial(bring_forward, plan, has_read))
    return next_bills()


def next_bills():
    """The distinct first days that are not billed, and on which day their bill is due."""
    return set(BillingState.objects.values_list("billed_until", "bill_on"))


RIGHT_AFTER_A_BILL = {(date(2026, 2, 1), date(2026, 1, 25))}
RIGHT_AT_THE_START = {(date(2026, 1, 1), date(2025, 12, 25))}


def test_b2_who_is_billed_during_the_edit_has_the_next_bill_on_the_new_day(has_read):
    assert billed_during_the_edit(has_read) == RIGHT_AFTER_A_BILL


def test_control_without_the_lock_who_is_billed_during_the_edit_has_the_next_bill_on_another_day(has_read, monkeypatch):
    monkeypatch.setattr(plans, "_LOCK_CUSTOMERS", "SELECT %(plan)s")
    assert billed_during_the_edit(has_read) != RIGHT_AFTER_A_BILL


def test_b2_who_subscribes_during_the_edit_has_the_first_bill_on_the_new_day(has_read):
    assert opened_during_the_edit(has_read) == RIGHT_AT_THE_START


def test_control_without_the_lock_who_subscribes_during_the_edit_has_the_first_bill_on_the_old_day(
    has_read, monkeypatch
):
    monkeypatch.setattr(locks, "plan", lambda pk: Plan.objects.get(pk=pk))
    assert opened_during_the_edit(has_read) != RIGHT_AT_THE_START
