"""Rule E8: a payment and the sweep in every order leave the paid subscriber online.

Payers and sweepers run on their own threads and connections over the same subscriptions. The
window between the sweep's decision and its write is widened. The control decides from the bills,
as one statement, the way everybody writes it; it must cut somebody who has paid.
"""

import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.models import AccessEvent, AccessState, Bill, Block
from billing.services import payments, sweep
from tests.builders import issue_next, make_plan, make_subscription
from tests.concurrency.races import dealt, together

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMERS, PAYERS, SWEEPERS = 100, 4, 2
PRICE = Decimal(20)
WINDOW = 0.004  # seconds, at most, between decision and write
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)

DECIDE_FROM_THE_BILLS = """
    WITH cut AS (
        UPDATE billing_accessstate SET is_on = false, version = version + 1
        WHERE is_on AND pg_sleep(%s) IS NOT NULL AND EXISTS (
            SELECT FROM billing_billline line JOIN billing_bill bill ON bill.id = line.bill_id
            WHERE line.subscription_id = billing_accessstate.subscription_id
                AND line.cut_off_at <= %s AND bill.status = 'open')
        RETURNING subscription_id
    )
    INSERT INTO billing_block (subscription_id, reason, opened_at, note)
    SELECT subscription_id, 'unpaid', %s, '' FROM cut
"""


def sweep_as_built(now, rng):
    sweep.disable_due(now=now, limit=rng.randint(1, 20))


def sweep_from_the_bills(now, rng):
    with connection.cursor() as cursor:
        cursor.execute(DECIDE_FROM_THE_BILLS, [WINDOW / 40, now, now])


@pytest.fixture
def widened_window(monkeypatch):
    disable = sweep._disable

    def slowly(*args):
        time.sleep(random.uniform(0, WINDOW))
        return disable(*args)

    monkeypatch.setattr(sweep, "_disable", slowly)


@pytest.fixture
def subscribers():
    plan = make_plan(price=PRICE, interval_unit="day", due_days=0)
    return [make_subscription(plan=plan, starts_on=FIRST_DAY.date()) for _ in range(CUSTOMERS)]


def race(subscribers, sweep_once, *, rounds, seed):
    """Paid subscribers left without access, over ``rounds``, which are days: each gets a bill and pays it."""
    wrongly_cut = 0
    for number in rounds:
        now = FIRST_DAY + timedelta(days=number)
        for subscription in subscribers:
            issue_next(subscription, now=now)
        _pay_and_sweep(subscribers, sweep_once, now + timedelta(days=1), seed + number)
        assert not Bill.objects.filter(status="open").exists()
        off = AccessState.objects.filter(is_on=False)
        wrongly_cut += off.count()
        Block.objects.filter(closed_at=None).update(closed_at=now + timedelta(days=1))
        off.update(is_on=True)
    return wrongly_cut


def _pay_and_sweep(subscribers, sweep_once, now, seed):
    rng = random.Random(seed)

    def pay(hand):
        for subscription in hand:
            time.sleep(rng.uniform(0, WINDOW / 2))
            payments.receive(customer=subscription.customer, amount=PRICE, method="cash", now=now)

    def sweep_while_they_pay():
        while Bill.objects.filter(status="open").exists():
            sweep_once(now, rng)

    hands = dealt(subscribers, PAYERS, seed)
    together(*(lambda hand=hand: pay(hand) for hand in hands), *[sweep_while_they_pay] * SWEEPERS)


def check(subscribers, rounds):
    seed = random.randrange(2**32)
    print(f"seed {seed}, {rounds * CUSTOMERS} interleavings of payment and sweep")
    assert race(subscribers, sweep_as_built, rounds=range(rounds), seed=seed) == 0
    cuts = AccessEvent.objects.filter(change="blocked").count()
    assert 0 < cuts < rounds * CUSTOMERS, "the sweep came always first or always last: no race was run"
    assert AccessEvent.objects.filter(change="unblocked").count() == cuts
    for subscription in subscribers:
        last = AccessEvent.objects.filter(subscription=subscription).first()
        assert last is None or last.is_on


def test_e8_a_paid_subscriber_ends_with_access(subscribers, widened_window):
    check(subscribers, rounds=4)


@pytest.mark.heavy
@pytest.mark.timeout(1500)
def test_e8_ten_thousand_interleavings_leave_no_paid_subscriber_without_access(subscribers, widened_window):
    check(subscribers, rounds=100)


def test_control_deciding_from_the_bills_cuts_paid_subscribers(subscribers):
    most = range(20)
    found = next((day for day in most if race(subscribers, sweep_from_the_bills, rounds=[day], seed=1)), None)
    assert found is not None, f"nobody was cut wrongly in {len(most) * CUSTOMERS} interleavings"
    print(f"the control cut paid subscribers in {(found + 1) * CUSTOMERS} interleavings")
