"""Random lives of a small provider, step by step, and what must hold after each step.

Whatever staff, customers and the clock do, in any order: the books verify, and access is what the
bills say. Requests that the rules refuse are part of life and change nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing.models import (
    Bill,
    BillLine,
    CreditNote,
    Customer,
    Discount,
    Item,
    Payment,
    Plan,
    Reversal,
    ScheduledChange,
    Subscription,
    TaxRate,
)
from billing.rules.errors import Refused
from billing.rules.money import rounded, smallest
from billing.services import (
    access,
    billing_run,
    bills,
    change_run,
    credit_notes,
    customers,
    discounts,
    endings,
    holds,
    items,
    payments,
    plan_changes,
    prepaid,
    reversals,
    scheduled_changes,
    subscriptions,
    summary,
    sweep,
)
from tests.properties import expected_access, quick_books
from tests.properties.agreements import Agreements
from tests.properties.reading import Reading

START = datetime(2024, 1, 30, 10, tzinfo=UTC)
MOST_SUBSCRIPTIONS = 4
picks = st.integers(min_value=0, max_value=10_000)


class Lives(Agreements, Reading, RuleBasedStateMachine):
    """One history; everything it wrote is rolled back at its end."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic._from_testcase = True  # services may begin their durable transactions inside it
        self.atomic.__enter__()
        self.now = START
        self.swept = False

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # --- The provider --------------------------------------------------------------------------
    @initialize(first=picks, second=picks)
    def found_a_provider(self, first, second):
        vat = TaxRate.objects.create(name="VAT", percent=Decimal("20"), inclusive=False)
        sales = TaxRate.objects.create(name="Sales tax", percent=Decimal("7.5"), inclusive=True)
        common = {"due_days": 5, "grace_days": 2}
        self.plans = [
            _plan("month", "19.95", tax_rate=vat, **common),
            _plan("calendar", "30", billing_day=1, bills_while_unpaid=True, **common),
            _plan("arrears", "49.99", mode="postpaid", tax_rate=sales, **common),
            _plan("renewal", "15", lead_days=3),
            _plan("ten days", "7.77", interval_unit="day", interval_count=10, tax_rate=vat, **common),
            _plan("year", "199", interval_unit="year", trial_days=7, **common),
            _plan("free", "0", **common),
        ]
        self.customers = [customers.register(name=f"Customer {n}", now=self.now) for n in range(2)]
        self.subscribe(customer=0, plan=first, days=-1)
        self.subscribe(customer=0, plan=second, days=0)

    # --- Time and the scheduler ------------------------------------------------------------------
    @rule(hours=st.integers(min_value=1, max_value=30))
    def hours_pass(self, hours):
        self._pass(timedelta(hours=hours))

    @rule(days=st.integers(min_value=1, max_value=45))
    def days_pass(self, days):
        self._pass(timedelta(days=days))

    @rule()
    def the_scheduler_runs(self):
        assert change_run.apply_due(now=self.now).failed == {}
        for _ in range(2):
            assert billing_run.generate(now=self.now, limit=2).set_aside == {}
        sweep.disable_due(now=self.now, limit=2)
        assert sweep.disable_due(now=self.now, limit=2) == sweep.Sweep()
        self.swept = True

    # --- Subscriptions -----------------------------------------------------------------------------
    @precondition(lambda self: Subscription.objects.count() < MOST_SUBSCRIPTIONS)
    @rule(customer=picks, plan=picks, days=st.integers(min_value=-40, max_value=10))
    def subscribe(self, customer, plan, days):
        subscriptions.open_subscription(
            customer=self.customers[customer % 2],
            plan=self.plans[plan % len(self.plans)],
            login=f"login-{Subscription.objects.count()}",
            starts_on=self._today() + timedelta(days=days),
            now=self.now,
        )

    @rule(pick=picks, plan=picks, at_the_end=st.booleans())
    def change_the_plan(self, pick, plan, at_the_end):
        change = plan_changes.change_at_period_end if at_the_end else plan_changes.change_now
        self._act(Subscription, pick, change, "subscription", plan=self.plans[plan % len(self.plans)])

    @rule(pick=picks, ahead=st.integers(min_value=-1, max_value=12), days=st.none() | st.integers(0, 40))
    def hold(self, pick, ahead, days):
        first = self._today() + timedelta(days=ahead)
        end = None if days is None else first + timedelta(days=days)
        self._act(Subscription, pick, holds.hold, "subscription", starts_on=first, ends_on=end)

    @rule(pick=picks)
    def resume(self, pick):
        self._act(Subscription, pick, holds.resume, "subscription")

    @rule(pick=picks, ahead=st.integers(min_value=0, max_value=40))
    def end(self, pick, ahead):
        self._act(Subscription, pick, endings.end, "subscription", on=self._today() + timedelta(days=ahead))

    @rule(pick=picks)
    def take_a_change_back(self, pick):
        self._act(ScheduledChange, pick, scheduled_changes.take_back, "change")

    @rule(pick=picks, percent=st.none() | st.integers(1, 100), days=st.integers(1, 90))
    def discount(self, pick, percent, days):
        self._act(
            Subscription,
            pick,
            discounts.give,
            "subscription",
            description="Welcome",
            percent=None if percent is None else Decimal(percent),
            fixed=None if percent else Decimal(5),
            starts_on=self._today(),
            ends_on=self._today() + timedelta(days=days),
        )

    @rule(pick=picks, blocks=st.booleans())
    def block_by_hand(self, pick, blocks):
        self._act(Subscription, pick, access.disable if blocks else access.restore, "subscription")

    # --- Money -----------------------------------------------------------------------------------
    @rule(customer=picks, share=st.sampled_from(["0.3", "1", "1", "1", "1.5"]), named=st.booleans())
    def pay(self, customer, share, named):
        customer = self.customers[customer % 2]
        owed = summary.debt(customer) or Decimal(10)
        bill = summary.open_bills(customer).last() if named else None
        amount = max(rounded(owed * Decimal(share), settings.CURRENCY), smallest(settings.CURRENCY))
        payments.receive(customer=customer, amount=amount, method="cash", now=self.now, bill=bill)

    @rule(pick=picks)
    def renew(self, pick):
        self._act(Subscription, pick, prepaid.renew, "subscription", method="card")

    @rule(pick=picks, kind=st.sampled_from(["mistake", "bounced", "chargeback"]), whole=st.booleans())
    def reverse(self, pick, kind, whole):
        amount = None if whole else smallest(settings.CURRENCY) * 3
        self._act(Payment, pick, reversals.reverse, "payment", kind=kind, reason="test", amount=amount)

    @rule(pick=picks, of_note=st.booleans(), whole=st.booleans())
    def refund(self, pick, of_note, whole):
        amount = None if whole else smallest(settings.CURRENCY) * 7
        model = CreditNote if of_note else Payment
        self._act(model, pick, reversals.refund, "source", reason="test", method="cash", amount=amount)

    @rule(pick=picks)
    def win_a_chargeback(self, pick):
        self._act(Reversal, pick, reversals.win_chargeback, "chargeback", reason="test")

    @rule(pick=picks)
    def take_credit_back(self, pick):
        self._act(CreditNote, pick, reversals.withdraw, "credit_note", reason="test")

    @rule(pick=picks)
    def void(self, pick):
        self._act(Bill, pick, bills.void, "bill", reason="test")

    @rule(pick=picks, whole=st.booleans(), share=st.integers(1, 100))
    def correct(self, pick, whole, share):
        amounts = None
        if not whole and BillLine.objects.exists():
            line = _chosen(BillLine, pick)
            pick, part = line.bill, rounded(line.amount * share / 100, settings.CURRENCY)
            amounts = {line.pk: part}
        self._act(Bill, pick, credit_notes.correct, "bill", reason="test", amounts=amounts)

    @rule(pick=picks)
    def write_off(self, pick):
        self._act(Bill, pick, credit_notes.write_off, "bill", reason="test")

    @rule(pick=picks, cents=st.integers(1, 5000))
    def give_credit(self, pick, cents):
        self._act(
            Customer, pick, credit_notes.give, "customer", amount=smallest(settings.CURRENCY) * cents, reason="test"
        )

    @rule(pick=picks, cents=st.integers(1, 5000), at_once=st.booleans())
    def charge_an_item(self, pick, cents, at_once):
        rate = TaxRate.objects.order_by("pk")[pick % 2]
        self._act(
            Customer,
            pick,
            items.add,
            "customer",
            description="Router",
            amount=smallest(settings.CURRENCY) * cents,
            tax_rate=rate,
        )
        if at_once:
            self._act(Customer, pick, items.bill_now, "customer")

    @rule(pick=picks)
    def withdraw_an_item(self, pick):
        self._act(Item, pick, items.withdraw, "item")

    @rule(pick=picks, days=st.integers(1, 20))
    def end_a_discount(self, pick, days):
        if Discount.objects.exists():
            found = _chosen(Discount, pick)
            _unless_refused(discounts.end, discount=found, on=found.starts_on + timedelta(days=days))

    # --- What must hold ------------------------------------------------------------------------------
    @invariant()
    def the_books_verify(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert quick_books.differences(self.now) == {}

    @invariant()
    def access_is_what_the_bills_say(self):
        for login, is_on, reasons, overdue in expected_access.seen(self._today()):
            assert is_on == (not reasons)
            if "unpaid" in reasons:
                assert overdue, f"{login} is cut, but nothing of it is overdue"
            if self.swept and overdue:
                assert reasons, f"{login} is overdue and online after the sweep"

    def _act(self, model, pick, service, name, **arguments):
        """Call a service on one of the rows, if there are any, and let the rules refuse it."""
        self.swept = False
        if isinstance(pick, model):
            _unless_refused(service, **{name: pick}, now=self.now, **arguments)
        elif model.objects.exists():
            _unless_refused(service, **{name: _chosen(model, pick)}, now=self.now, **arguments)

    def _pass(self, time):
        self.now += time
        self.swept = False

    def _today(self) -> date:
        return self.now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _plan(name, price, **changes):
    amount = rounded(Decimal(price), settings.CURRENCY)
    return Plan.objects.create(code=name.replace(" ", "-"), name=name, price=amount, **changes)


def _chosen(model, pick):
    return model.objects.order_by("pk")[pick % model.objects.count()]


def _unless_refused(service, **arguments):
    try:
        service(**arguments)
    except Refused as refused:
        assert str(refused)
