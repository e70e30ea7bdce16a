"""What staff do with a bill that is wrong or will not be paid: void, credit, write off (rules B10, M11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import day, link, money
from billing.models import Bill, BillLine, CreditNote
from billing.rules.money import rounded
from billing.services import bills, credit_notes
from billing.words import gettext_lazy

LINE = "line_"


class ReasonForm(forms.Form):
    reason = TextField(label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for the books: why."))


class WriteOffForm(OnceForm, ReasonForm):
    pass


class CreditForm(OnceForm):
    """One amount per line of the bill, filled with what is left of it: sent as it is, all is taken back.

    Valid are all lines, so that a repeated request is answered after it took everything back; shown
    are those with something left.
    """

    def __init__(self, bill: Bill, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in bill.lines.order_by("pk"):
            self.fields[f"{LINE}{line.pk}"] = _amount_of(line, rounded(line.amount - line.credited, bill.currency))
        self.fields["reason"] = TextField(
            label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed: the customer reads it on the credit note.")
        )

    @property
    def amounts(self) -> dict[int, Decimal]:
        """What is taken back, by line id."""
        found = {name: amount for name, amount in self.cleaned_data.items() if name.startswith(LINE) and amount}
        return {int(name.removeprefix(LINE)): amount for name, amount in found.items()}


class OfBill(Deed):
    """What the actions on a bill have in common."""

    row_is = "bill"

    def facts(self) -> Facts:
        bill: Bill = self.row
        return [
            (_("Bill"), link(bill)),
            (_("Customer"), link(bill.customer)),
            (
                _("Total"),
                _("{total}, due {due_on}").format(total=money(bill.total, bill.currency), due_on=day(bill.due_on)),
            ),
            (_("Paid"), money(bill.allocated, bill.currency)),
            (_("Credited"), money(bill.credited, bill.currency)),
            (_("Left to pay"), money(bill.outstanding, bill.currency)),
        ]


class VoidBill(OfBill):
    title = gettext_lazy("Void bill {}")
    button = gettext_lazy("Void")
    name = "void"
    icon = "cancel"
    permission = "billing.void_bill"
    form_class = ReasonForm
    service = bills.void

    @classmethod
    def refusal(cls, row: Bill) -> str:
        if row.status == Bill.Status.VOID:
            return _("Bill {row} is void already.").format(row=row)
        if row.allocated:
            return _(
                "Bill {row} is paid, in part at least. Reverse its payments first, or issue a credit note."
            ).format(row=row)
        return _("Bill {row} has a credit note. Credit the rest of it instead.").format(row=row) if row.credited else ""

    def outcome(self, done: None) -> str:
        return "" if self.follows else _("Bill {row} is void.").format(row=self.row)


class CreditBill(OfBill):
    title = gettext_lazy("Credit note for bill {}")
    button = gettext_lazy("Credit note")
    name = "credit_note"
    icon = "contract_delete"
    permission = "billing.credit_bill"
    service = credit_notes.correct

    @classmethod
    def refusal(cls, row: Bill) -> str:
        if row.status in (Bill.Status.VOID, Bill.Status.DRAFT):
            return _("Bill {row} is {status}: there is nothing to credit.").format(row=row, status=row.status)
        return "" if row.credited < row.total else _("Nothing is left to credit of bill {row}.").format(row=row)

    def form(self, data: Any = None, initial: Any = None) -> CreditForm:
        self.credit_form = CreditForm(self.row, data, initial=initial)
        return self.credit_form

    def arguments(self, data: dict[str, Any]) -> dict[str, Any]:
        chosen = {"reason": data["reason"], "request_key": data["request_key"], "amounts": self.credit_form.amounts}
        return super().arguments(chosen)

    def previewed(self, done: CreditNote) -> Facts:
        taxes = [(_("Tax {tax}").format(tax=tax.name), money(tax.tax, done.currency)) for tax in done.taxes.all()]
        return [
            (_("Net"), money(done.net, done.currency)),
            *taxes,
            (_("Credit note"), money(done.total, done.currency)),
        ]

    def outcome(self, done: CreditNote) -> str:
        return (
            ""
            if self.follows
            else _("Credit note {done} over {total}.").format(done=done, total=money(done.total, done.currency))
        )

    def page_after(self, done: CreditNote) -> CreditNote:
        return done


class WriteOffBill(OfBill):
    title = gettext_lazy("Write off bill {}")
    button = gettext_lazy("Write off")
    name = "write_off"
    icon = "money_off"
    permission = "billing.writeoff_bill"
    form_class = WriteOffForm
    service = credit_notes.write_off

    @classmethod
    def refusal(cls, row: Bill) -> str:
        return "" if row.outstanding else _("Bill {row} is not open: there is nothing to write off.").format(row=row)

    def outcome(self, done: CreditNote) -> str:
        return _("{total} of bill {row} is written off: it is not waited for any more.").format(
            total=money(done.total, done.currency), row=self.row
        )


def _amount_of(line: BillLine, left: Decimal) -> AmountField:
    if not left:
        return AmountField(required=False, widget=forms.HiddenInput)
    text = _("{tax} At most {left}; empty: nothing of this line.").format(tax=_as_it_stands(line), left=left)
    return AmountField(label=line.description, required=False, initial=left, help_text=text)


def _as_it_stands(line: BillLine) -> str:
    if line.tax_percent is None:
        return _("Without tax.")
    told = (
        _("With its tax ({tax}), as on the bill.")
        if line.tax_inclusive
        else _("Without its tax ({tax}), as on the bill.")
    )
    return told.format(tax=line.tax_name)
