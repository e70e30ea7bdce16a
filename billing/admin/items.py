"""One-off items: what is charged once, waiting or billed; an item that waits can be withdrawn."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString

from billing.admin.action_pages import ActionPage, Facts, action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import DateFilter, ItemStateFilter
from billing.admin.formatting import amount_cell, label, link, money
from billing.admin.search import SearchedByCustomer
from billing.models import Item
from billing.services import items


class WithdrawItem(ActionPage):
    title = "Withdraw “{}”"
    button = "Withdraw"
    name = "withdraw"
    icon = "remove_shopping_cart"
    permission = "billing.add_item"

    @classmethod
    def refusal(cls, row: Item) -> str:
        if row.bill is not None:
            return f"“{row}” is on bill {row.bill}. Issue a credit note for it instead."
        return f"“{row}” is withdrawn already." if row.withdrawn_at else ""

    def facts(self) -> Facts:
        return [("Customer", link(self.row.customer)), ("Amount", money(self.row.amount))]

    def act(self, data: dict[str, Any]) -> Item:
        items.withdraw(item=self.row, now=self.now)
        return self.row

    def told(self, done: Item) -> str:
        return f"“{done}” is withdrawn: it will not be billed."


@admin.register(Item)
class ItemAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("description", "customer", "created_at", "state", "bill", "item_amount")
    list_select_related = ("customer", "bill")
    list_filter = (ItemStateFilter, ("created_at", DateFilter))
    search_fields = ("bill__number",)
    search_help_text = "Bill number, or the customer's code, name, phone or login"
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

    @display(description="state")
    def state(self, item: Item) -> SafeString:
        if item.bill_id:
            return label("billed", "success")
        return label("withdrawn") if item.withdrawn_at else label("waits", "info")

    @display(description="amount")
    def item_amount(self, item: Item) -> SafeString:
        return amount_cell(item.amount)

    @display(description="amount")
    def amount_text(self, item: Item) -> str:
        return money(item.amount)
