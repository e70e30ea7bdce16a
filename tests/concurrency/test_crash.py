"""The billing run killed with -9 at random moments: what it left is finished by the next, once (rules B1, M10, T6)."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Sum

from billing.models import Bill, BillingState, BillLine, Item, NumberSeries, TaxRate
from billing.rules.periods import Interval, Schedule, Unit
from billing.services import billing_run
from tests.builders import make_plan
from tests.concurrency.crashes import wait_for_the_dying, was_killed_at_work
from tests.many import pay_ahead, sell, subscribe_many

pytestmark = [pytest.mark.heavy, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

KILLS, SUBSCRIPTIONS, CUSTOMERS = 50, 20_000, 16_000
LONGEST_LIFE = 2.0  # seconds
MONTHS = Schedule(date(2020, 1, 31), Interval(1, Unit.MONTH))


def first_day_of(month):
    start = MONTHS.period(month).start
    return datetime(start.year, start.month, start.day, 5, tzinfo=UTC)


@pytest.fixture
def provider():
    """Taxed subscriptions since January 2020; some customers have paid ahead, some bought a router."""
    tax = TaxRate.objects.create(name="VAT 20%", percent=Decimal(20))
    plan = make_plan(tax_rate=tax, bills_while_unpaid=True)
    now = first_day_of(0)
    ids = subscribe_many(SUBSCRIPTIONS, customers=CUSTOMERS, plan=plan, starts_on=MONTHS.anchor, now=now)
    pay_ahead(ids[::4], Decimal("60.00"), now=now)
    sell(ids[::5], Decimal("49.90"), now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def test_b1_after_50_kills_and_one_more_run_every_period_is_billed_exactly_once(provider):
    seed = random.randrange(2**32)
    rng, month, kills = random.Random(seed), 0, 0
    while kills < KILLS:
        bill = partial(billing_run.generate, now=first_day_of(month), limit=100)
        kills += was_killed_at_work(bill, rng.uniform(0, LONGEST_LIFE))
        if not BillingState.objects.filter(bill_on__lte=first_day_of(month).date()).exists():
            month += 1
    wait_for_the_dying()
    before = Bill.objects.count()
    run = billing_run.generate(now=first_day_of(month), limit=500)
    print(f"seed {seed}: {KILLS} kills over {month + 1} months left {before} bills, the last run issued {run.bills}")
    assert (run.set_aside, run.locked) == ({}, [])
    check_everything(months=month + 1)


def check_everything(months):
    lines = BillLine.objects.filter(kind="recurring").values("subscription").annotate(count=Count("pk"))
    assert set(lines.values_list("count", flat=True)) == {months}
    assert lines.count() == SUBSCRIPTIONS
    bills = CUSTOMERS * months
    assert (Bill.objects.count(), NumberSeries.objects.get(key="bill").last_value) == (bills, bills)
    assert not Item.objects.filter(bill=None).exists()
    expected = SUBSCRIPTIONS * months * Decimal(24) + CUSTOMERS // 5 * Decimal("49.90")
    assert Bill.objects.aggregate(total=Sum("total"))["total"] == expected
    call_command("verify_books")
