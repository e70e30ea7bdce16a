"""A statement that is brought in beside payments at the desk and the sweep, and killed with -9 at random moments."""

import random
import time
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction

from billing.models import AccessEvent, AccessState, Bill, ImportedFile, NumberSeries, Payment
from billing.services import books, locks, payment_batches, payments, sweep
from billing.services.imports import files, running
from tests.builders import at, make_customer, make_overdue_subscription, make_plan
from tests.concurrency.crashes import wait_for_the_dying, was_killed_at_work
from tests.concurrency.races import dealt, together
from tests.importing import outcomes, preview, somebody, worked
from tests.many import subscribe_many

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")
HEAD = "Receipt No,Amount,Customer"


def ordered(customers, amount="20.00"):
    """A statement with a payment of each customer, which is to be imported."""
    rows = [f"R{place},{amount},{customer.code}" for place, customer in enumerate(customers, 1)]
    file = preview("payments", "\n".join([HEAD, *rows]))
    files.begin_import(file, by=somebody(), now=NOW)
    return file


def test_e8_a_statement_the_desk_and_the_sweep_at_once_leave_everybody_paid_online(monkeypatch):
    """Desk and statement pay 20 each of the 20 that is owed: in every order access is on, and 20 is credit."""
    monkeypatch.setattr(payment_batches, "AT_ONCE", 8)
    plan = make_plan()
    customers = [make_overdue_subscription(now=NOW, plan=plan).customer for _ in range(80)]
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    file = ordered(random.Random(seed).sample(customers, len(customers)))
    hands = dealt(customers, 2, seed)

    def at_the_desk(hand):
        for customer in hand:
            payments.receive(customer=customer, amount=Decimal(20), method="cash", now=NOW)

    def sweep_on():
        while Bill.objects.filter(status="open").exists():
            sweep.disable_due(now=NOW, limit=7)

    together(partial(worked, file, NOW), *(partial(at_the_desk, hand) for hand in hands), sweep_on)
    file.refresh_from_db()
    assert (file.status, set(outcomes(file)), Payment.objects.count()) == ("done", {"new"}, 160)
    assert not AccessState.objects.filter(is_on=False).exists()
    assert AccessEvent.objects.filter(change="blocked").count() == AccessEvent.objects.filter(is_on=True).count()
    books.require(books.verify(now=NOW))


def test_a_batch_does_not_wait_for_a_customer_who_is_at_the_desk():
    """The other customers of the batch are not kept waiting; the one at the desk is done when the desk is."""
    customers = [make_customer() for _ in range(3)]
    file, has_locked, has_taken = ordered(customers), Event(), Event()

    def at_the_desk():
        with transaction.atomic():
            locks.money(customers[1].pk)
            has_locked.set()
            while Payment.objects.count() < 2:
                time.sleep(0.01)
            has_taken.set()

    def bring_in():
        has_locked.wait(30)
        worked(file, NOW)
        return has_taken.is_set()

    assert together(at_the_desk, bring_in)[1] is True
    assert Payment.objects.count() == 3
    assert outcomes(file) == ["new"] * 3


@pytest.mark.heavy
def test_control_a_batch_that_waits_keeps_the_others_waiting_too(monkeypatch):
    customers = [make_customer() for _ in range(3)]
    file, has_locked = ordered(customers), Event()
    claim = locks.customers
    monkeypatch.setattr(locks, "customers", lambda ids, *, wait: claim(ids, wait=True))

    def at_the_desk():
        with transaction.atomic():
            locks.money(customers[1].pk)
            has_locked.set()
            return _somebody_waits() and Payment.objects.exists()

    def bring_in():
        has_locked.wait(30)
        worked(file, NOW)

    assert together(at_the_desk, bring_in)[0] is False


_WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


def _somebody_waits():
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(_WAITING)
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.01)
    return False


def test_two_processes_that_do_the_same_rows_take_each_payment_once():
    file = ordered([make_customer() for _ in range(60)])
    together(*[partial(worked, file, NOW)] * 3)
    file.refresh_from_db()
    assert (file.status, file.done, Payment.objects.count()) == ("done", 60, 60)
    assert NumberSeries.objects.get(key="receipt").last_value == 60
    books.require(books.verify(now=NOW))


def test_an_import_that_is_killed_again_and_again_takes_each_payment_once(monkeypatch):
    rows = 600
    subscribe_many(rows, customers=rows, plan=make_plan(), starts_on=NOW.date() + timedelta(days=1), now=NOW)
    content = [f"R{number},20.00,M{number}" for number in range(1, rows + 1)]
    file = preview("payments", "\n".join([HEAD, *content]))
    files.begin_import(file, by=somebody(), now=NOW)
    monkeypatch.setattr(running, "IMPORTED_AT_ONCE", 50)
    monkeypatch.setattr(files, "MOST_TRIES", 1000)
    seed = random.randrange(2**32)
    rng, kills = random.Random(seed), 0
    while kills < 12 and was_killed_at_work(partial(worked, file, NOW), rng.uniform(0.02, 0.12)):
        kills += 1
    wait_for_the_dying()
    left = ImportedFile.objects.get(pk=file.pk).done
    file = worked(file, NOW)
    print(f"seed {seed}: {kills} kills left {rows - left} of {rows} rows")
    assert kills > 2
    assert (file.status, set(outcomes(file)), Payment.objects.count()) == ("done", {"new"}, rows)
    assert NumberSeries.objects.get(key="receipt").last_value == rows
    books.require(books.verify(now=NOW))
