"""What staff do with a credit note: pay it out, or take back credit that was given."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import day, link, money
from billing.admin.payment_actions import Refund, left_of
from billing.models import CreditNote, Reversal
from billing.rules.money import rounded
from billing.services import reversals
from billing.words import gettext_lazy


class WithdrawForm(OnceForm):
    amount = AmountField(label=gettext_lazy("Amount"))
    reason = TextField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for the books: why the credit is taken back.")
    )


class OfCreditNote(Deed):
    """What the actions on a credit note have in common."""

    def facts(self) -> Facts:
        note: CreditNote = self.row
        return [
            (
                _("Credit note"),
                _("{note} of {issued_on}, {kind}").format(
                    note=note, issued_on=day(note.issued_on), kind=note.get_kind_display()
                ),
            ),
            (_("Customer"), link(note.customer)),
            (_("Amount"), money(note.total, note.currency)),
            (_("Pays bills"), money(note.allocated, note.currency)),
            (_("Left as credit"), money(note.credit, note.currency)),
        ]

    def initial(self) -> dict[str, Any]:
        return {"amount": rounded(self.row.credit or left_of(self.row), self.row.currency)}

    @classmethod
    def refusal(cls, row: CreditNote) -> str:
        return (
            ""
            if left_of(row)
            else _("Credit note {row} is taken back or paid out already: nothing is left of it.").format(row=row)
        )


class RefundCreditNote(Refund, OfCreditNote):
    title = gettext_lazy("Pay out credit note {}")
    noun = gettext_lazy("credit note")


class WithdrawCredit(OfCreditNote):
    title = gettext_lazy("Take back credit note {}")
    button = gettext_lazy("Take back")
    name = "take_back"
    icon = "undo"
    permission = "billing.give_credit"
    form_class = WithdrawForm
    service = reversals.withdraw
    row_is = "credit_note"

    @classmethod
    def refusal(cls, row: CreditNote) -> str:
        if row.bill_id is not None:
            return _("Credit note {row} corrects a bill and stays. Add a one-off item instead.").format(row=row)
        return super().refusal(row)

    def outcome(self, done: Reversal) -> str:
        return _("{amount} of credit note {row} is taken back.").format(
            amount=money(done.amount, self.row.currency), row=self.row
        )
