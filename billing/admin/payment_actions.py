"""Take a payment back: reversed at the desk, or paid out (rule M8)."""

from __future__ import annotations

from typing import Any, ClassVar

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, MethodField, OnceForm, RadioField, TextField
from billing.admin.formatting import instant, link, money
from billing.models import CreditNote, Payment, Reversal
from billing.rules.money import rounded
from billing.services import reversals

REVERSED = [
    (kind.value, kind.label) for kind in (Reversal.Kind.MISTAKE, Reversal.Kind.BOUNCED, Reversal.Kind.CHARGEBACK)
]
ENTER_AGAIN = "Enter the right payment with “Receive payment” on the customer's page."
TELL_THE_CUSTOMER = "Tell the customer that this money did not arrive."


def left_of(source: Payment | CreditNote) -> Any:
    """What is still there of it, on bills or as credit."""
    return source.allocated + source.credit


class ReverseForm(OnceForm):
    kind = RadioField(choices=REVERSED, initial=Reversal.Kind.MISTAKE, label="What happened")
    amount = AmountField()
    reason = TextField(help_text="Needed, for the books: what was wrong.")


class RefundForm(OnceForm):
    amount = AmountField()
    method = MethodField(label="Paid out by")
    reason = TextField(help_text="Needed, for the books: why the money is paid out.")


class TakeBack(Deed):
    """What taking back a payment and paying it out have in common."""

    def facts(self) -> Facts:
        payment: Payment = self.row
        paid = [part.bill for part in payment.allocations.select_related("bill").order_by("bill_id")]
        return [
            ("Receipt", link(payment)),
            ("Customer", link(payment.customer)),
            ("Received", f"{money(payment.amount, payment.currency)} on {instant(payment.received_at)}"),
            ("Left of it", money(left_of(payment), payment.currency)),
            ("It pays", ", ".join(dict.fromkeys(f"bill {bill}" for bill in paid)) or "no bill: it is credit"),
        ]

    def initial(self) -> dict[str, Any]:
        return {"amount": rounded(left_of(self.row), self.row.currency)}

    @classmethod
    def refusal(cls, row: Payment) -> str:
        return "" if left_of(row) else f"Receipt {row} is taken back already: nothing is left of it."


class ReversePayment(TakeBack):
    title = "Reverse payment {}"
    button = "Reverse"
    name = "reverse"
    icon = "undo"
    permission = "billing.reverse_payment"
    form_class = ReverseForm
    service = reversals.reverse
    row_is = "payment"

    def outcome(self, done: Reversal) -> str:
        taken = money(done.amount, self.row.currency)
        return f"{taken} of receipt {self.row} is taken back: {done.get_kind_display()}."

    def next_step(self, done: Reversal) -> str:
        return ENTER_AGAIN if done.kind == Reversal.Kind.MISTAKE else TELL_THE_CUSTOMER


class Refund(Deed):
    """What paying out a payment and a credit note have in common."""

    button = "Refund"
    name = "refund"
    icon = "currency_exchange"
    permission = "billing.refund_payment"
    form_class = RefundForm
    service = reversals.refund
    row_is = "source"
    noun: ClassVar[str]

    def outcome(self, done: Reversal) -> str:
        return f"{money(done.amount, self.row.currency)} of {self.noun} {self.row} is booked as paid out."

    def next_step(self, done: Reversal) -> str:
        return f"Hand the money over now: {done.get_method_display()}."


class RefundPayment(Refund, TakeBack):
    title = "Refund payment {}"
    noun = "receipt"
