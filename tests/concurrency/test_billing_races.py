"""The billing run and the desk at the same moment (rules B1, B4, M6, L2, L4, M8).

Everybody who moves a customer's money holds the customer's lock. The controls take that lock
away, with the same windows widened, and must go wrong.
"""

import time
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from billing.models import AccessState, Account, Bill, BillingState, BillLine, Customer, Item, Payment, Plan
from billing.services import access, billing_run, issuing, late_fees, locks, payments, plan_changes, prepaid, reversals
from tests.builders import at, make_plan, make_subscription
from tests.concurrency.races import together

pytestmark = pytest.mark.django_db(transaction=True)

JANUARY, FEBRUARY = at("2026-01-01T08:00"), at("2026-02-01T08:00")
CUSTOMERS = 20
AT_ONCE = 8  # customers, each with a thread at the desk
WINDOW = 0.15  # seconds
WIDER_WINDOWS = (WINDOW, 0.5, 1.5)  # for controls, in which all have to come into it on a slow machine, too


def slowed(function, seconds):
    def slowly(*args, **kwargs):
        time.sleep(seconds)
        return function(*args, **kwargs)

    return slowly


def widen(monkeypatch, seconds):
    for module, name in ((issuing, "issue"), (access, "follow_bills"), (late_fees, "array")):
        monkeypatch.setattr(module, name, slowed(getattr(module, name), seconds))


@pytest.fixture
def widened_window(monkeypatch):
    """Time passes between what a transaction has read and what it writes."""
    widen(monkeypatch, WINDOW)


def goes_wrong(monkeypatch, race):
    """What ``race`` finds to be wrong, in the first window in which it finds something."""
    for seconds in WIDER_WINDOWS:
        with monkeypatch.context() as patch:
            widen(patch, seconds)
            if found := race():
                return found
    return None


@pytest.fixture
def unlocked(monkeypatch):
    """Nobody waits for a customer's lock."""
    monkeypatch.setattr(locks, "customer", lambda pk: Customer.objects.get(pk=pk))
    monkeypatch.setattr(locks, "active_customer", lambda pk: Customer.objects.get(pk=pk))
    monkeypatch.setattr(locks, "customers", lambda pks, *, wait: sorted(pks))
    monkeypatch.setattr(locks, "access_states", lambda pks: None)


@pytest.fixture
def no_balances():
    """No transaction waits for the row of a customer's balance, which is a lock of its own."""
    execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER ledgerentry_balance")
    yield
    execute("ALTER TABLE billing_ledgerentry ENABLE TRIGGER ledgerentry_balance")


@pytest.fixture
def no_exclusion():
    """PostgreSQL lets days be billed twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'billline_day_billed_once'")
        [definition] = cursor.fetchone()
    execute("ALTER TABLE billing_billline DROP CONSTRAINT billline_day_billed_once")
    yield
    with transaction.atomic():
        execute("SET LOCAL session_replication_role = replica")
        execute("TRUNCATE billing_billline CASCADE")
        execute(f"ALTER TABLE billing_billline ADD CONSTRAINT billline_day_billed_once {definition}")


def execute(statement):
    with connection.cursor() as cursor:  # a new one each time: a test that fails may have closed the connection
        cursor.execute(statement)


def subscribers(count=CUSTOMERS, **changes):
    plan = make_plan(**{"bills_while_unpaid": True, **changes})
    return [make_subscription(plan=plan) for _ in range(count)]


def run(now, limit=9):
    return billing_run.generate(now=now, limit=limit)


def periods_per_day_and_subscription():
    lines = BillLine.objects.filter(billed_days__isempty=False)
    return [(line.subscription_id, line.period.lower) for line in lines]


# --- Two runs -------------------------------------------------------------------------------
def run_twice_at_once():
    subscribers()
    return together(*[partial(run, at("2026-03-01"))] * 2)


def test_b1_of_two_runs_at_once_each_period_is_billed_once(widened_window):
    first, second = run_twice_at_once()
    billed = periods_per_day_and_subscription()
    assert len(billed) == len(set(billed)) == first.bills + second.bills == 3 * CUSTOMERS
    assert (first.set_aside, second.set_aside, first.locked, second.locked) == ({}, {}, [], [])
    assert list(Bill.objects.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, 3 * CUSTOMERS + 1)
    )


def test_control_without_claim_and_constraint_two_runs_bill_twice(widened_window, unlocked, no_exclusion):
    run_twice_at_once()
    billed = periods_per_day_and_subscription()
    print(f"the control billed {len(billed) - len(set(billed))} periods twice")
    assert len(billed) > len(set(billed))


def test_b1_the_constraint_alone_keeps_a_period_from_being_billed_twice(widened_window, unlocked):
    with suppress(OperationalError):  # two that check the same days may also wait for each other: a deadlock
        run_twice_at_once()
    billed = periods_per_day_and_subscription()
    assert len(billed) == len(set(billed))


def with_bill_and_credit():
    with_credit = {payment.customer_id for payment in Payment.objects.all() if payment.credit}
    return with_credit & set(Bill.objects.filter(status="open").values_list("customer_id", flat=True))


# --- Run and payment ------------------------------------------------------------------------
def run_and_pay():
    """Everybody owes January and pays for two months while February is billed; who has debt and credit at once."""
    made = subscribers(AT_ONCE)
    run(JANUARY)
    pay = partial(payments.receive, amount=Decimal(40), method="cash", now=FEBRUARY)
    together(partial(run, FEBRUARY), *(partial(pay, customer=one.customer) for one in made))
    return with_bill_and_credit()


def test_m6_a_payment_during_the_run_leaves_no_bill_open_beside_credit(widened_window):
    assert run_and_pay() == set()
    assert not Bill.objects.exclude(status="paid").exists()
    assert set(Account.objects.values_list("balance", flat=True)) == {0}
    assert not AccessState.objects.exclude(cut_off_at=None).exists()


def test_control_without_the_lock_bills_stay_open_beside_credit(unlocked, no_balances, monkeypatch):
    torn = goes_wrong(monkeypatch, run_and_pay)
    assert torn
    print(f"the control left {len(torn)} customers with an open bill and credit")


# --- Run and change of plan -----------------------------------------------------------------
def run_and_change():
    """February is billed while everybody changes to the plan of 30.00 that is returned."""
    made, dear = subscribers(AT_ONCE), make_plan(price=Decimal(30))
    run(JANUARY)
    change = partial(plan_changes.change_now, plan=dear, now=FEBRUARY)
    result, *_ = together(partial(run, FEBRUARY), *(partial(change, subscription=one) for one in made))
    assert result.set_aside == {}
    return dear


def test_l2_a_change_of_plan_during_the_run_costs_the_new_plan_once(widened_window):
    dear = run_and_change()
    assert set(Account.objects.values_list("balance", flat=True)) == {20 + 30}
    counted = BillLine.objects.filter(billed_days__isempty=False, period__startswith=date(2026, 2, 1))
    assert [line.plan for line in counted] == [dear] * AT_ONCE
    assert set(BillingState.objects.values_list("billed_until", flat=True)) == {date(2026, 3, 1)}


def test_control_without_lock_and_constraint_run_and_change_bill_the_same_days(unlocked, no_exclusion, monkeypatch):
    def billed_twice():
        run_and_change()
        billed = periods_per_day_and_subscription()
        return len(billed) - len(set(billed))

    twice = goes_wrong(monkeypatch, billed_twice)
    assert twice
    print(f"the control billed February of {twice} subscriptions twice")


# --- Late fees ------------------------------------------------------------------------------
def charge_twice_at_once(settings):
    settings.LATE_FEE = "5.00"
    subscribers()
    run(JANUARY)

    def charge():
        try:
            return late_fees.charge(day=date(2026, 2, 1), now=at("2026-02-01"), limit=9).count
        except IntegrityError:
            return IntegrityError

    return together(charge, charge)


def test_b11_two_charges_at_once_make_one_fee_per_bill(widened_window, settings):
    counts = charge_twice_at_once(settings)
    late_fees.charge(day=date(2026, 2, 1), now=at("2026-02-01"), limit=9)
    assert sum(counts) <= CUSTOMERS == Item.objects.count()


def test_control_without_the_lock_the_database_refuses_the_second_fee(unlocked, settings, monkeypatch):
    assert goes_wrong(monkeypatch, lambda: IntegrityError in charge_twice_at_once(settings))


# --- At the desk ----------------------------------------------------------------------------
def renew_twice_at_once(now=JANUARY):
    subscription = make_subscription(plan=make_plan(mode=Plan.Mode.PREPAID))

    def renew():
        try:
            return prepaid.renew(subscription=subscription, method="cash", now=now, request_key=uuid4())
        except DatabaseError as error:
            return error

    return subscription, together(renew, renew)


def test_l4_two_renewals_at_once_both_count(widened_window):
    subscription, _ = renew_twice_at_once()
    assert BillingState.objects.get(pk=subscription.pk).billed_until == date(2026, 3, 1)
    assert (Payment.objects.count(), Bill.objects.filter(status="paid").count()) == (2, 2)
    assert Account.objects.get().balance == 0


def test_control_without_the_lock_one_of_two_renewals_fails(unlocked, monkeypatch):
    def one_fails():
        _, results = renew_twice_at_once()
        return any(isinstance(result, DatabaseError) for result in results)

    assert goes_wrong(monkeypatch, one_fails)


def refund_and_pay():
    """Everybody's only payment is refunded while they pay again; who has an open bill and credit at once."""
    made, later = subscribers(AT_ONCE), JANUARY + timedelta(days=1)
    run(JANUARY)
    pay = partial(payments.receive, amount=Decimal(20), method="card")
    paid = [pay(customer=one.customer, now=JANUARY) for one in made]
    refund = partial(reversals.refund, amount=Decimal(20), method="card", reason="Wrong card", now=later)
    together(
        *(partial(refund, source=payment) for payment in paid),
        *(partial(pay, customer=one.customer, now=later) for one in made),
    )
    return with_bill_and_credit()


def test_m8_a_payment_during_a_refund_pays_the_bill_that_the_refund_opens(widened_window):
    assert refund_and_pay() == set()
    assert not Bill.objects.exclude(status="paid").exists()
    assert set(Account.objects.values_list("balance", flat=True)) == {0}


def test_control_without_the_lock_refund_and_payment_miss_each_other(unlocked, no_balances, monkeypatch):
    torn = goes_wrong(monkeypatch, refund_and_pay)
    assert torn
    print(f"the control left {len(torn)} customers with an open bill and credit")
