"""What staff do on a customer's page beside taking money: one-off items and credit (rules B4, M6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import day, link, money
from billing.models import Bill, CreditNote, Customer, Item, TaxRate
from billing.rules import money as money_rules
from billing.services import clock, credit_notes, items, summary
from billing.services.drafts import BillDraft, draft, waiting_items


def in_currency() -> str:
    return f"In {settings.CURRENCY}, such as {money_rules.example(settings.CURRENCY)}."


class ItemForm(OnceForm):
    description = TextField(help_text="Needed: the customer reads it on the bill.")
    amount = AmountField()
    tax_rate = forms.ModelChoiceField(
        TaxRate.objects.all(), required=False, empty_label="No tax", widget=UnfoldAdminSelectWidget
    )


class GiveCreditForm(OnceForm):
    amount = AmountField()
    reason = TextField(help_text="Needed: the customer reads it on the credit note.")


class AddItem(ActionPage):
    title = "Add a one-off item for {}"
    button = "Add one-off item"
    name = "add_item"
    icon = "add_shopping_cart"
    permission = "billing.add_item"
    form_class = ItemForm

    def facts(self) -> Facts:
        return [("Customer", link(self.row)), ("Amounts", in_currency())]

    def act(self, data: dict[str, Any]) -> Item:
        return items.add(customer=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: Item) -> str:
        return (
            f"“{done}” over {money(done.amount)} waits for the next bill of {self.row}. "
            "“Bill items now” puts it on a bill of its own."
        )


class BillItems(ActionPage):
    title = "Bill the items of {} now"
    button = "Bill items now"
    name = "bill_items"
    icon = "receipt"
    permission = "billing.add_bill"

    @classmethod
    def refusal(cls, row: Customer) -> str:
        waits = Item.objects.filter(customer=row, bill=None, withdrawn_at=None).exists()
        return "" if waits else "No item waits for a bill. Add a one-off item first."

    def facts(self) -> Facts:
        bill = self._draft()
        return [
            ("Customer", link(self.row)),
            *((f"Item: {item}", money(item.amount)) for item in bill.items),
            *((part.rate.name, money(part.tax)) for part in bill.totals.taxes),
            ("Total", money(bill.totals.total)),
            ("Credit", money(summary.credit(self.row))),
            ("Due", f"{day(bill.due_on)}, the last day to pay"),
        ]

    def act(self, data: dict[str, Any]) -> Bill:
        return items.bill_now(customer=self.row, now=self.now, by=self.request.user)

    def told(self, done: Bill) -> str:
        return told_bill(done)

    def page_after(self, done: Bill) -> Bill:
        return done

    def _draft(self) -> BillDraft:
        return draft(self.row.pk, [], waiting_items([self.row.pk]), issued_on=clock.local_date(self.now))


class GiveCredit(Deed):
    title = "Give credit to {}"
    button = "Give credit"
    name = "give_credit"
    icon = "volunteer_activism"
    permission = "billing.give_credit"
    form_class = GiveCreditForm
    service = credit_notes.give
    row_is = "customer"

    @property
    def customer_id(self) -> int:
        return int(self.row.pk)

    def facts(self) -> Facts:
        return [
            ("Customer", link(self.row)),
            ("Owes", money(summary.debt(self.row))),
            ("Credit", money(summary.credit(self.row))),
            ("Amounts", in_currency()),
        ]

    def outcome(self, done: CreditNote) -> str:
        return "" if self.follows else f"Credit note {done} over {money(done.total, done.currency)}."

    def page_after(self, done: CreditNote) -> CreditNote:
        return done


def told_bill(bill: Bill) -> str:
    """What a bill that was issued a moment ago asks for."""
    text = f"Bill {bill} is issued: {money(bill.total, bill.currency)}, due {day(bill.due_on)}."
    paid = f" {money(bill.allocated, bill.currency)} is paid from credit." if bill.allocated else ""
    return text + paid
