"""One-off items: what is charged once, waiting or billed; an item that waits can be withdrawn."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin.action_pages import ActionPage, Facts, action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import DateFilter, ItemStateFilter
from billing.admin.formatting import amount_cell, label, link, money
from billing.admin.search import SearchedByCustomer
from billing.models import Item
from billing.services import items
from billing.words import gettext_lazy


class WithdrawItem(ActionPage):
    title = gettext_lazy("Withdraw “{}”")
    button = gettext_lazy("Withdraw")
    name = "withdraw"
    icon = "remove_shopping_cart"
    permission = "billing.add_item"

    @classmethod
    def refusal(cls, row: Item) -> str:
        if row.bill is not None:
            return _("“{row}” is on bill {bill}. Issue a credit note for it instead.").format(row=row, bill=row.bill)
        return _("“{row}” is withdrawn already.").format(row=row) if row.withdrawn_at else ""

    def facts(self) -> Facts:
        return [(_("Customer"), link(self.row.customer)), (_("Amount"), money(self.row.amount))]

    def act(self, data: dict[str, Any]) -> Item:
        items.withdraw(item=self.row, now=self.now)
        return self.row

    def told(self, done: Item) -> str:
        return _("“{done}” is withdrawn: it will not be billed.").format(done=done)


@admin.register(Item)
class ItemAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("description", "customer", "created_at", "state", "bill", "item_amount")
    list_select_related = ("customer", "bill")
    list_filter = (ItemStateFilter, ("created_at", DateFilter))
    search_fields = ("bill__number",)
    search_help_text = gettext_lazy("Bill number, or the customer's code, name, phone or login")
    number_fields = ("bill__number",)
    fields = (
        ("description", "state"),
        ("customer", "bill"),
        ("amount_text", "tax_rate"),
        ("late_fee_of", "withdrawn_at"),
        ("created_at", "created_by"),
    )
    readonly_fields = ("state", "amount_text")
    withdraw = action_of(WithdrawItem)
    actions_detail = ("withdraw",)

    @display(description=gettext_lazy("state"))
    def state(self, item: Item) -> SafeString:
        if item.bill_id:
            return label(_("billed"), "success")
        return label(_("withdrawn")) if item.withdrawn_at else label(_("waits"), "info")

    @display(description=gettext_lazy("amount"))
    def item_amount(self, item: Item) -> SafeString:
        return amount_cell(item.amount)

    @display(description=gettext_lazy("amount"))
    def amount_text(self, item: Item) -> str:
        return money(item.amount)
