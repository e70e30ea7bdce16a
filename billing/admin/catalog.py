"""Plans and tax rates: what is sold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from billing.admin import formatting
from billing.admin.panels import Panel, columns
from billing.admin.protection import DeletedUnlessUsed
from billing.admin.rules_in_force import plan_panel
from billing.models import Item, Plan, TaxRate
from billing.rules.errors import Refused
from billing.rules.money import rounded
from billing.services import plans, wording
from billing.words import gettext_lazy

BILLS_WHILE_UNPAID = [
    ("unknown", gettext_lazy("As usual: postpaid yes, prepaid no")),
    ("true", gettext_lazy("Yes")),
    ("false", gettext_lazy("No")),
]
PERIODS = gettext_lazy("Periods")
IN_USE = gettext_lazy(
    "Subscriptions are billed by the interval and the billing day, so these stay. "
    "For another rhythm add a plan, and change the subscriptions to it."
)
LAST_PRICES = 12
PRICE_COLUMNS = columns(
    "Price",
    "For periods that started before",
    "Changed",
    "By",
    amounts=["Price"],
)
NONE_BY_DEFAULT = ("lead_days", "trial_days")


class PlanForm(forms.ModelForm):
    price = forms.DecimalField(
        label=gettext_lazy("Price"), max_digits=14, min_value=0, widget=UnfoldAdminDecimalFieldWidget
    )

    class Meta:
        model = Plan
        fields = "__all__"  # noqa: DJ007  (the admin's fieldsets name them)
        help_texts = {
            "bills_while_unpaid": gettext_lazy("Whether a subscription that is disabled as unpaid is billed further.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"].help_text = _(
            "For one full interval, in {currency}. A new price is for periods that start today or later."
        ).format(currency=settings.CURRENCY)
        if "tax_rate" not in self.fields:  # for those who may only look
            return
        self.fields["bills_while_unpaid"].widget.choices = BILLS_WHILE_UNPAID
        cast("forms.ModelChoiceField", self.fields["tax_rate"]).empty_label = _("No tax")
        for name in NONE_BY_DEFAULT:
            self.fields[name].required = False
        if self.instance.pk:
            self.initial["price"] = rounded(self.instance.price, settings.CURRENCY)

    def clean(self) -> dict[str, Any]:
        super().clean()
        return {**self.cleaned_data, **{name: self.cleaned_data.get(name) or 0 for name in NONE_BY_DEFAULT}}

    def clean_price(self) -> Decimal:
        try:
            return plans.checked_price(self.cleaned_data["price"])
        except Refused as refused:
            raise ValidationError(str(refused)) from refused


@admin.register(Plan)
class PlanAdmin(DeletedUnlessUsed):
    form = PlanForm
    list_display = (
        "name",
        "code",
        "price_amount",
        "tax_rate",
        "every",
        "mode",
        "speed",
        "available_from",
        "available_until",
    )
    list_select_related = ("tax_rate",)
    list_filter = ("mode", "interval_unit", "tax_rate")
    sortable_by = ("name", "code", "price_amount")
    search_fields = ("name", "code")
    prepopulated_fields = {"code": ("name",)}
    used_by = "subscriptions"
    instead = gettext_lazy("Set “available until” to sell it no more.")
    fieldsets = (
        (None, {"fields": ("name", "code", "price", "tax_rate", "mode")}),
        (PERIODS, {"fields": (*plans.RHYTHM, "trial_days")}),
        (gettext_lazy("Bills and payment"), {"fields": ("lead_days", "due_days", "grace_days")}),
        (
            gettext_lazy("When disabled as unpaid"),
            {"fields": ("bills_while_unpaid", "end_after_days", "reopens_when_paid")},
        ),
        (gettext_lazy("Speed"), {"fields": ("download_kbps", "upload_kbps")}),
        (gettext_lazy("On the router"), {"fields": ("pool", "address_list", "unpaid_access")}),
        (
            gettext_lazy("Quota"),
            {"fields": ("quota_gb", "over_quota", "throttled_download_kbps", "throttled_upload_kbps")},
        ),
        (gettext_lazy("On sale"), {"fields": ("available_from", "available_until")}),
    )

    def save_model(self, request: HttpRequest, obj: Plan, form: forms.ModelForm, change: bool) -> None:
        if change:
            plans.change(obj, form.changed_data, now=timezone.now(), by=request.user)
        else:
            super().save_model(request, obj, form, change)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        is_in_use = bool(self.get_readonly_fields(request, obj))
        return [
            (title, {**options, "description": IN_USE} if title == PERIODS and is_in_use else options)
            for title, options in self.fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return plans.RHYTHM if isinstance(obj, Plan) and plans.is_in_use(obj) else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def panels(self, request: HttpRequest, row: Plan) -> list[Panel]:
        earlier = row.earlier_prices.select_related("changed_by").order_by("-day", "-pk")[:LAST_PRICES]
        rows = [
            (
                formatting.amount_cell(one.price),
                formatting.day(one.day),
                formatting.instant(one.changed_at),
                one.changed_by or formatting.NONE,
            )
            for one in earlier
        ]
        earlier_prices = [Panel(_("Earlier prices"), PRICE_COLUMNS, rows)] if rows else []
        return [plan_panel(row), *earlier_prices]

    @display(description=gettext_lazy("price"), ordering="price")
    def price_amount(self, plan: Plan) -> SafeString:
        return formatting.amount_cell(plan.price)

    @display(description=gettext_lazy("every"))
    def every(self, plan: Plan) -> str:
        return wording.rhythm(plan.interval_count, plan.interval_unit)

    @display(description=gettext_lazy("down / up (kbit/s)"))
    def speed(self, plan: Plan) -> str:
        return f"{plan.download_kbps or formatting.NONE} / {plan.upload_kbps or formatting.NONE}"


class TaxRateForm(forms.ModelForm):
    class Meta:
        model = TaxRate
        fields = ("name", "percent", "inclusive")
        help_texts = {
            "percent": gettext_lazy("0 to 100. A change touches bills to come; bills that are issued keep theirs.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["percent"] = f"{self.instance.percent.normalize():f}"


@admin.register(TaxRate)
class TaxRateAdmin(DeletedUnlessUsed):
    form = TaxRateForm
    list_display = ("name", "percent_text", "prices")
    sortable_by = ("name", "percent_text")
    search_fields = ("name",)
    used_by = "plans"
    instead = gettext_lazy("Give these plans another rate first.")

    def users_of(self, row: TaxRate) -> str:
        return super().users_of(row) or (_("one-off items") if Item.objects.filter(tax_rate=row).exists() else "")

    @display(description=gettext_lazy("percent"), ordering="percent")
    def percent_text(self, rate: TaxRate) -> str:
        return formatting.percent(rate.percent)

    @display(description=gettext_lazy("prices"))
    def prices(self, rate: TaxRate) -> str:
        return _("with tax") if rate.inclusive else _("without tax")
