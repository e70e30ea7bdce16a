"""What the staff's pages show at a glance: queries only, nothing is decided or written here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import BooleanField, F, Func, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import AccessEvent, Bill, BillingState, CreditNote, Customer, Payment
from billing.models.fields import MoneyField
from billing.services import counting
from billing.words import gettext_noop

COUNTED_EXACTLY = 100_000  # customers; above it the planner's estimate is good enough and costs nothing

PARTLY_PAID = gettext_noop("partly paid")
BILL_STATES = ("open", "overdue", PARTLY_PAID, "paid", "void", "draft")
WAITING_STATES = ("open", "overdue", PARTLY_PAID)
NOTHING = Value(Decimal(0), output_field=MoneyField())
LEFT = Sum(F("total") - F("allocated"), output_field=MoneyField())
UNUSED_PAYMENT = Sum(F("amount") - F("allocated") - F("returned"), output_field=MoneyField())
UNUSED_CREDIT = Sum(F("total") - F("allocated") - F("returned"), output_field=MoneyField())


def with_debt(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Each customer with ``owed``, the rest of the open bills, and ``oldest_due_on``, None without any."""
    bills = Bill.objects.filter(customer=OuterRef("pk"), status=Bill.Status.OPEN).order_by().values("customer")
    return customers.annotate(
        owed=Coalesce(Subquery(bills.annotate(left=LEFT).values("left")), NOTHING),
        oldest_due_on=Subquery(bills.annotate(oldest=Min("due_on")).values("oldest")),
    )


def debt(customer: Customer) -> Decimal:
    """What is left to pay of a customer's open bills."""
    amount: Decimal = open_bills(customer).aggregate(left=Coalesce(LEFT, NOTHING))["left"]
    return amount


def credit(customer: Customer) -> Decimal:
    """What a customer has with us and no bill has taken yet (rule M6)."""
    payments, notes = (unused.filter(customer=customer) for unused in _unused())
    paid: Decimal = payments.aggregate(left=Coalesce(UNUSED_PAYMENT, NOTHING))["left"]
    credited: Decimal = notes.aggregate(left=Coalesce(UNUSED_CREDIT, NOTHING))["left"]
    return paid + credited


def has_credit(customer: str) -> Func:
    """Whether the customer in that column has ``credit``.

    As an array, which PostgreSQL looks up in the order of the index from either end: it takes a third of all payments
    to have some left, and would join them otherwise.
    """
    payments, notes = (unused.order_by().values("customer") for unused in _unused())
    return _AnyOf(customer, Subquery(payments.union(notes, all=True)))


class _AnyOf(Func):
    output_field = BooleanField()
    template = "%(expressions)s)"
    arg_joiner = " = ANY(ARRAY"


def _unused() -> tuple[QuerySet[Payment], QuerySet[CreditNote]]:
    return (
        Payment.objects.filter(amount__gt=F("allocated") + F("returned")),
        CreditNote.objects.filter(total__gt=F("allocated") + F("returned")),
    )


def open_bills(customer: Customer | int) -> QuerySet[Bill]:
    """A customer's open bills, the one that a payment pays first at the top (rule M6)."""
    return Bill.objects.filter(customer=customer, status=Bill.Status.OPEN).order_by("due_on", "pk")


def bill_state(bill: Bill, today: date) -> str:
    """One of ``BILL_STATES``: "overdue" and "partly paid" are computed, never stored."""
    if bill.status != Bill.Status.OPEN:
        return bill.status
    if bill.due_on < today:
        return "overdue"
    return PARTLY_PAID if bill.allocated else "open"


def bills_in_state(bills: QuerySet[Bill], state: str, today: date) -> QuerySet[Bill]:
    """The bills of which ``bill_state`` says ``state``; for "open" all that still wait for money."""
    if state == "overdue":
        return waiting_bills(bills).filter(due_on__lt=today)
    if state == "partly paid":
        return bills.filter(status=Bill.Status.OPEN, allocated__gt=0)
    return waiting_bills(bills) if state == "open" else bills.filter(status=state)


def waiting_bills(bills: QuerySet[Bill]) -> QuerySet[Bill]:
    """The open ones of ``bills``, in the words of the index by due date; for those of a customer use ``open_bills``."""
    return bills.filter(status=Bill.Status.OPEN, allocated__lt=F("total"))


def brought_back(payment: Payment) -> list[str]:
    """The logins of the subscriptions that came online with this payment (rule E7)."""
    events = AccessEvent.objects.filter(
        at=payment.received_at, subscription__customer=payment.customer_id, was_on=False, is_on=True
    )
    return list(events.order_by("subscription_id").values_list("subscription__login", flat=True))


def customer_count() -> int:
    """How many customers there are; many of them are estimated from PostgreSQL's statistics."""
    estimate = counting.estimate(Customer)
    return estimate if estimate > COUNTED_EXACTLY else Customer.objects.count()


def needs_review(states: QuerySet[BillingState]) -> QuerySet[BillingState]:
    """Those that the billing run has set aside (rule B7)."""
    return states.exclude(review="")
