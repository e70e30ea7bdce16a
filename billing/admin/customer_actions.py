"""What staff do on a customer's page beside taking money: one-off items and credit (rules B4, M6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import day, link, money
from billing.models import Bill, CreditNote, Customer, Item, TaxRate
from billing.rules import money as money_rules
from billing.services import clock, credit_notes, items, summary
from billing.services.drafts import BillDraft, draft, waiting_items
from billing.words import gettext_lazy


def in_currency() -> str:
    return _("In {currency}, such as {currency_2}.").format(
        currency=settings.CURRENCY, currency_2=money_rules.example(settings.CURRENCY)
    )


class ItemForm(OnceForm):
    description = TextField(
        label=gettext_lazy("Description"), help_text=gettext_lazy("Needed: the customer reads it on the bill.")
    )
    amount = AmountField(label=gettext_lazy("Amount"))
    tax_rate = forms.ModelChoiceField(
        TaxRate.objects.all(),
        label=gettext_lazy("Tax rate"),
        required=False,
        empty_label=gettext_lazy("No tax"),
        widget=UnfoldAdminSelectWidget,
    )


class GiveCreditForm(OnceForm):
    amount = AmountField(label=gettext_lazy("Amount"))
    reason = TextField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed: the customer reads it on the credit note.")
    )


class AddItem(ActionPage):
    title = gettext_lazy("Add a one-off item for {}")
    button = gettext_lazy("Add one-off item")
    name = "add_item"
    icon = "add_shopping_cart"
    permission = "billing.add_item"
    form_class = ItemForm

    def facts(self) -> Facts:
        return [(_("Customer"), link(self.row)), (_("Amounts"), in_currency())]

    def act(self, data: dict[str, Any]) -> Item:
        return items.add(customer=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: Item) -> str:
        return _(
            "“{done}” over {amount} waits for the next bill of {row}. “Bill items now” puts it on a bill of its own."
        ).format(done=done, amount=money(done.amount), row=self.row)


class BillItems(ActionPage):
    title = gettext_lazy("Bill the items of {} now")
    button = gettext_lazy("Bill items now")
    name = "bill_items"
    icon = "receipt"
    permission = "billing.add_bill"

    @classmethod
    def refusal(cls, row: Customer) -> str:
        waits = Item.objects.filter(customer=row, bill=None, withdrawn_at=None).exists()
        return "" if waits else _("No item waits for a bill. Add a one-off item first.")

    def facts(self) -> Facts:
        bill = self._draft()
        return [
            (_("Customer"), link(self.row)),
            *((_("Item: {item}").format(item=item), money(item.amount)) for item in bill.items),
            *((part.rate.name, money(part.tax)) for part in bill.totals.taxes),
            (_("Total"), money(bill.totals.total)),
            (_("Credit"), money(summary.credit(self.row))),
            (_("Due"), _("{due_on}, the last day to pay").format(due_on=day(bill.due_on))),
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
    title = gettext_lazy("Give credit to {}")
    button = gettext_lazy("Give credit")
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
            (_("Customer"), link(self.row)),
            (_("Owes"), money(summary.debt(self.row))),
            (_("Credit"), money(summary.credit(self.row))),
            (_("Amounts"), in_currency()),
        ]

    def outcome(self, done: CreditNote) -> str:
        return (
            ""
            if self.follows
            else _("Credit note {done} over {total}.").format(done=done, total=money(done.total, done.currency))
        )

    def page_after(self, done: CreditNote) -> CreditNote:
        return done


def told_bill(bill: Bill) -> str:
    """What a bill that was issued a moment ago asks for."""
    text = _("Bill {bill} is issued: {total}, due {due_on}.").format(
        bill=bill, total=money(bill.total, bill.currency), due_on=day(bill.due_on)
    )
    paid = (
        _(" {allocated} is paid from credit.").format(allocated=money(bill.allocated, bill.currency))
        if bill.allocated
        else ""
    )
    return text + paid
