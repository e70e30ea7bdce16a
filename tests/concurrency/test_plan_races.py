"""A plan is edited at the moment in which its subscriptions are billed or opened (rules B2, T6)."""

from datetime import date
from functools import partial
from threading import Event

import pytest
from django.db import connection

from billing.models import BillingState, Plan
from billing.services import billing_run, billing_states, locks, plans
from tests import many
from tests.builders import at, make_plan, make_subscription
from tests.concurrency.races import together
from tests.concurrency.windows import LONGEST, somebody_waits
from tests.jobs.notes import until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-01-01T08:00")


class Window:
    """From when the first transaction has read what decides the next bill until the plan is edited or that waits."""

    def __init__(self):
        self.is_open, self._is_over = Event(), Event()

    def before_it_writes(self):
        if not self.is_open.is_set():
            self.is_open.set()
            with connection.cursor() as cursor:
                until(lambda: self._is_over.is_set() or somebody_waits(cursor))

    def bring_forward(self, plan):
        assert self.is_open.wait(LONGEST)
        plan.lead_days = 7
        try:
            plans.change(plan, ["lead_days"], now=NOW)
        finally:
            self._is_over.set()


@pytest.fixture
def window(monkeypatch):
    def slowly(values):
        found.before_it_writes()
        return array(values)

    found, array = Window(), billing_states.array
    monkeypatch.setattr(billing_states, "array", slowly)
    return found


def billed_during_the_edit(window):
    plan = make_plan()
    many.subscribe_many(3, customers=3, plan=plan, starts_on=NOW.date(), now=NOW)
    together(partial(billing_run.generate, now=NOW, limit=500), partial(window.bring_forward, plan))
    return next_bills()


def opened_during_the_edit(window):
    plan = make_plan()
    together(partial(make_subscription, plan=plan), partial(window.bring_forward, plan))
    return next_bills()


def next_bills():
    """The distinct first days that are not billed, and on which day their bill is due."""
    return set(BillingState.objects.values_list("billed_until", "bill_on"))


RIGHT_AFTER_A_BILL = {(date(2026, 2, 1), date(2026, 1, 25))}
RIGHT_AT_THE_START = {(date(2026, 1, 1), date(2025, 12, 25))}


def test_b2_who_is_billed_during_the_edit_has_the_next_bill_on_the_new_day(window):
    assert billed_during_the_edit(window) == RIGHT_AFTER_A_BILL


def test_control_without_the_lock_who_is_billed_during_the_edit_has_the_next_bill_on_another_day(window, monkeypatch):
    monkeypatch.setattr(plans, "_LOCK_CUSTOMERS", "SELECT %(plan)s")
    assert billed_during_the_edit(window) != RIGHT_AFTER_A_BILL


def test_b2_who_subscribes_during_the_edit_has_the_first_bill_on_the_new_day(window):
    assert opened_during_the_edit(window) == RIGHT_AT_THE_START


def test_control_without_the_lock_who_subscribes_during_the_edit_has_the_first_bill_on_the_old_day(window, monkeypatch):
    monkeypatch.setattr(locks, "plan", lambda pk: Plan.objects.get(pk=pk))
    assert opened_during_the_edit(window) != RIGHT_AT_THE_START
