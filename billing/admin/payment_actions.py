"""Take a payment back: reversed at the desk, or paid out (rule M8)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, MethodField, OnceForm, RadioField, TextField
from billing.admin.formatting import instant, link, money
from billing.models import CreditNote, Payment, Reversal
from billing.rules.money import rounded
from billing.services import reversals
from billing.words import gettext_lazy, gettext_noop

REVERSED = [
    (kind.value, kind.label) for kind in (Reversal.Kind.MISTAKE, Reversal.Kind.BOUNCED, Reversal.Kind.CHARGEBACK)
]
ENTER_AGAIN = gettext_noop("Enter the right payment with “Receive payment” on the customer's page.")
TELL_THE_CUSTOMER = gettext_noop("Tell the customer that this money did not arrive.")


def left_of(source: Payment | CreditNote) -> Any:
    """What is still there of it, on bills or as credit."""
    return source.allocated + source.credit


class ReverseForm(OnceForm):
    kind = RadioField(choices=REVERSED, initial=Reversal.Kind.MISTAKE, label=gettext_lazy("What happened"))
    amount = AmountField(label=gettext_lazy("Amount"))
    reason = TextField(label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for the books: what was wrong."))


class RefundForm(OnceForm):
    amount = AmountField(label=gettext_lazy("Amount"))
    method = MethodField(label=gettext_lazy("Paid out by"))
    reason = TextField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for the books: why the money is paid out.")
    )


class TakeBack(Deed):
    """What taking back a payment and paying it out have in common."""

    def facts(self) -> Facts:
        payment: Payment = self.row
        paid = [part.bill for part in payment.allocations.select_related("bill").order_by("bill_id")]
        return [
            (_("Receipt"), link(payment)),
            (_("Customer"), link(payment.customer)),
            (
                _("Received"),
                _("{amount} on {received_at}").format(
                    amount=money(payment.amount, payment.currency), received_at=instant(payment.received_at)
                ),
            ),
            (_("Left of it"), money(left_of(payment), payment.currency)),
            (
                _("It pays"),
                ", ".join(dict.fromkeys(_("bill {bill}").format(bill=bill) for bill in paid))
                or _("no bill: it is credit"),
            ),
        ]

    def initial(self) -> dict[str, Any]:
        return {"amount": rounded(left_of(self.row), self.row.currency)}

    @classmethod
    def refusal(cls, row: Payment) -> str:
        return "" if left_of(row) else _("Receipt {row} is taken back already: nothing is left of it.").format(row=row)


class ReversePayment(TakeBack):
    title = gettext_lazy("Reverse payment {}")
    button = gettext_lazy("Reverse")
    name = "reverse"
    icon = "undo"
    permission = "billing.reverse_payment"
    form_class = ReverseForm
    service = reversals.reverse
    row_is = "payment"

    def outcome(self, done: Reversal) -> str:
        taken = money(done.amount, self.row.currency)
        return _("{taken} of receipt {row} is taken back: {kind}.").format(
            taken=taken, row=self.row, kind=done.get_kind_display()
        )

    def next_step(self, done: Reversal) -> str:
        return _(ENTER_AGAIN if done.kind == Reversal.Kind.MISTAKE else TELL_THE_CUSTOMER)


class Refund(Deed):
    """What paying out a payment and a credit note have in common."""

    button = gettext_lazy("Refund")
    name = "refund"
    icon = "currency_exchange"
    permission = "billing.refund_payment"
    form_class = RefundForm
    service = reversals.refund
    row_is = "source"
    noun: ClassVar[str]

    def outcome(self, done: Reversal) -> str:
        return _("{amount} of {noun} {row} is booked as paid out.").format(
            amount=money(done.amount, self.row.currency), noun=self.noun, row=self.row
        )

    def next_step(self, done: Reversal) -> str:
        return _("Hand the money over now: {method}.").format(method=done.get_method_display())


class RefundPayment(Refund, TakeBack):
    title = gettext_lazy("Refund payment {}")
    noun = gettext_lazy("receipt")
