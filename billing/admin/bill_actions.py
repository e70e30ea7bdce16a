"""What staff do with a bill that is wrong or will not be paid: void, credit, write off (rules B10, M11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import day, link, money
from billing.models import Bill, BillLine, CreditNote
from billing.rules.money import rounded
from billing.services import bills, credit_notes

LINE = "line_"


class ReasonForm(forms.Form):
    reason = TextField(help_text="Needed, for the books: why.")


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
        self.fields["reason"] = TextField(help_text="Needed: the customer reads it on the credit note.")

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
            ("Bill", link(bill)),
            ("Customer", link(bill.customer)),
            ("Total", f"{money(bill.total, bill.currency)}, due {day(bill.due_on)}"),
            ("Paid", money(bill.allocated, bill.currency)),
            ("Credited", money(bill.credited, bill.currency)),
            ("Left to pay", money(bill.outstanding, bill.currency)),
        ]


class VoidBill(OfBill):
    title = "Void bill {}"
    button = "Void"
    name = "void"
    icon = "cancel"
    permission = "billing.void_bill"
    form_class = ReasonForm
    service = bills.void

    @classmethod
    def refusal(cls, row: Bill) -> str:
        if row.status == Bill.Status.VOID:
            return f"Bill {row} is void already."
        if row.allocated:
            return f"Bill {row} is paid, in part at least. Reverse its payments first, or issue a credit note."
        return f"Bill {row} has a credit note. Credit the rest of it instead." if row.credited else ""

    def outcome(self, done: None) -> str:
        return "" if self.follows else f"Bill {self.row} is void."


class CreditBill(OfBill):
    title = "Credit note for bill {}"
    button = "Credit note"
    name = "credit_note"
    icon = "contract_delete"
    permission = "billing.credit_bill"
    service = credit_notes.correct

    @classmethod
    def refusal(cls, row: Bill) -> str:
        if row.status in (Bill.Status.VOID, Bill.Status.DRAFT):
            return f"Bill {row} is {row.status}: there is nothing to credit."
        return "" if row.credited < row.total else f"Nothing is left to credit of bill {row}."

    def form(self, data: Any = None, initial: Any = None) -> CreditForm:
        self.credit_form = CreditForm(self.row, data, initial=initial)
        return self.credit_form

    def arguments(self, data: dict[str, Any]) -> dict[str, Any]:
        chosen = {"reason": data["reason"], "request_key": data["request_key"], "amounts": self.credit_form.amounts}
        return super().arguments(chosen)

    def previewed(self, done: CreditNote) -> Facts:
        taxes = [(f"Tax {tax.name}", money(tax.tax, done.currency)) for tax in done.taxes.all()]
        return [("Net", money(done.net, done.currency)), *taxes, ("Credit note", money(done.total, done.currency))]

    def outcome(self, done: CreditNote) -> str:
        return "" if self.follows else f"Credit note {done} over {money(done.total, done.currency)}."

    def page_after(self, done: CreditNote) -> CreditNote:
        return done


class WriteOffBill(OfBill):
    title = "Write off bill {}"
    button = "Write off"
    name = "write_off"
    icon = "money_off"
    permission = "billing.writeoff_bill"
    form_class = WriteOffForm
    service = credit_notes.write_off

    @classmethod
    def refusal(cls, row: Bill) -> str:
        return "" if row.outstanding else f"Bill {row} is not open: there is nothing to write off."

    def outcome(self, done: CreditNote) -> str:
        return f"{money(done.total, done.currency)} of bill {self.row} is written off: it is not waited for any more."


def _amount_of(line: BillLine, left: Decimal) -> AmountField:
    if not left:
        return AmountField(required=False, widget=forms.HiddenInput)
    text = f"{_as_it_stands(line)} At most {left}; empty: nothing of this line."
    return AmountField(label=line.description, required=False, initial=left, help_text=text)


def _as_it_stands(line: BillLine) -> str:
    if line.tax_percent is None:
        return "Without tax."
    return f"{'With' if line.tax_inclusive else 'Without'} its tax ({line.tax_name}), as on the bill."
