"""Give a discount, and let it end earlier (rule B5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.fields import AmountField, DayField, OnceForm, TextField
from billing.admin.formatting import day, link
from billing.admin.subscription_facts import facts_of, next_bill
from billing.models import Discount, Subscription
from billing.models.fields import PercentField
from billing.services import clock, discounts
from billing.words import gettext_lazy

DIGITS, DECIMALS = PercentField.precision


class DiscountForm(OnceForm):
    description = TextField(
        label=gettext_lazy("Description"), max_length=100, help_text=gettext_lazy("Needed: what it is given for.")
    )
    percent = forms.DecimalField(
        label=gettext_lazy("Percent"),
        max_digits=DIGITS,
        decimal_places=DECIMALS,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=gettext_lazy("Off the price. Or else:"),
    )
    fixed = AmountField(
        required=False, label=gettext_lazy("Fixed amount"), help_text=gettext_lazy("Off the price of a full period.")
    )
    starts_on = DayField(
        label=gettext_lazy("From"), help_text=gettext_lazy("For periods that start on this day or later.")
    )
    ends_on = DayField(
        label=gettext_lazy("Ends on"),
        required=False,
        help_text=gettext_lazy("First day without it. Empty: open-ended."),
    )


class EndDiscountForm(forms.Form):
    on = DayField(
        label=gettext_lazy("Ends on"), help_text=gettext_lazy("First day without it: periods that start then or later.")
    )


class GiveDiscount(ActionPage):
    title = gettext_lazy("Give {} a discount")
    button = gettext_lazy("Give discount")
    name = "give_discount"
    icon = "percent"
    permission = "billing.add_discount"
    form_class = DiscountForm

    def facts(self) -> Facts:
        return [*facts_of(self.row), (_("Next bill"), next_bill(self.row))]

    def initial(self) -> dict[str, Any]:
        return {"starts_on": clock.local_date(self.now)}

    def act(self, data: dict[str, Any]) -> Discount:
        return discounts.give(subscription=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: Discount) -> str:
        return _("“{done}” is given from {starts_on} on. Next bill: {next_bill}.").format(
            done=done, starts_on=day(done.starts_on), next_bill=next_bill(self.row)
        )


class EndDiscount(ActionPage):
    title = gettext_lazy("End the discount “{}”")
    button = gettext_lazy("End")
    name = "end"
    icon = "event_busy"
    permission = "billing.add_discount"
    form_class = EndDiscountForm

    def facts(self) -> Facts:
        subscription: Subscription = self.row.subscription
        return [
            (_("Subscription"), link(subscription)),
            (_("From"), day(self.row.starts_on)),
            (_("Ends on"), day(self.row.ends_on)),
        ]

    def act(self, data: dict[str, Any]) -> Discount:
        discounts.end(discount=self.row, **data)
        return self.row

    def told(self, done: Discount) -> str:
        return _("“{done}” ends on {ends_on}. Next bill: {next_bill}.").format(
            done=done, ends_on=day(done.ends_on), next_bill=next_bill(done.subscription)
        )
