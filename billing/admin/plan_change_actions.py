"""Change the plan of a subscription: choose, look at what it costs, confirm (rule L2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import RadioField
from billing.admin.formatting import day, money
from billing.admin.subscription_facts import days, facts_of, next_bill, price_of
from billing.models import Bill, CreditNote, Plan, ScheduledChange, Subscription
from billing.services import clock, plan_changes
from billing.services.plan_changes import Outcome
from billing.words import gettext_lazy

NOW, PERIOD_END = "now", "period-end"


class PlanField(forms.ModelChoiceField):
    """A plan with its price."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj}: {price_of(obj)}"


class PlanForm(forms.Form):
    """Valid are all plans on sale, so that a repeated request is answered; offered are those it is not on."""

    plan = PlanField(
        Plan.objects.none(), label=gettext_lazy("New plan"), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    when = RadioField(label=gettext_lazy("When"), initial=NOW)

    def __init__(self, subscription: Subscription, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on_sale = Q(available_until=None) | Q(available_until__gte=today)
        field = cast("PlanField", self.fields["plan"])
        field.queryset = Plan.objects.filter(on_sale)
        field.widget.choices = [
            (plan.pk, field.label_from_instance(plan)) for plan in field.queryset.exclude(pk=subscription.plan_id)
        ]
        end = plan_changes.period_end(subscription, today)
        cast("RadioField", self.fields["when"]).choices = lambda: [
            (NOW, _("today: credit for the unused days, a bill for the new plan")),
            (PERIOD_END, _("on {end}, when the period is over: no credit").format(end=day(end))),
        ]


class ChangePlan(Deed):
    title = gettext_lazy("Change the plan of {}")
    button = gettext_lazy("Change plan")
    name = "change_plan"
    icon = "swap_horiz"
    permission = "billing.switch_plan"
    row_is = "subscription"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        return (
            _("{row} ends on {ends_on}. Take the end back first.").format(row=row, ends_on=day(row.ends_on))
            if row.ends_on
            else ""
        )

    def form(self, data: Any = None, initial: Any = None) -> PlanForm:
        return PlanForm(self.row, clock.local_date(self.now), data, initial=initial)

    def facts(self) -> Facts:
        return facts_of(self.row)

    def service_for(self, data: dict[str, Any]) -> Callable[..., Any]:
        return plan_changes.change_now if data["when"] == NOW else plan_changes.change_at_period_end

    def arguments(self, data: dict[str, Any]) -> dict[str, Any]:
        return super().arguments({"plan": data["plan"]})

    def previewed(self, done: Outcome | ScheduledChange) -> Facts:
        if isinstance(done, ScheduledChange):
            return [
                (_("Until then"), _("nothing is credited or charged")),
                (_("Next bill"), next_bill(self.row)),
            ]
        return [
            *((_("Credit"), _credit(note)) for note in done.notes),
            *_charge(done.bill),
            (_("Charge less credit"), net_text(done.net)),
            (_("Next bill"), next_bill(self.row)),
        ]

    def outcome(self, done: Outcome | ScheduledChange) -> str:
        if isinstance(done, ScheduledChange):
            return _("{row} changes to {plan} on {due_on}. Until then it can be taken back.").format(
                row=self.row, plan=done.plan, due_on=day(done.due_on)
            )
        return _("{row} is on its new plan from today. Charge less credit: {net_text}.").format(
            row=self.row, net_text=net_text(done.net)
        )


def _credit(note: CreditNote) -> str:
    tax = _(", {tax} of it tax").format(tax=money(note.tax, note.currency)) if note.tax else ""
    unused = ", ".join(days(line.days) for line in note.lines.all() if line.days)
    return _("{total} for {unused}{tax}").format(total=money(note.total, note.currency), unused=unused, tax=tax)


def _charge(bill: Bill | None) -> list[tuple[str, str]]:
    if bill is None:
        return [(_("Charge"), _("nothing today: the new plan is billed later"))]
    lines = [
        (_("Charge"), _("{amount} for {line}").format(amount=money(line.amount), line=line))
        for line in bill.lines.all()
    ]
    return [*lines, *((str(tax), money(tax.tax)) for tax in bill.taxes.all())]


def net_text(net: Decimal) -> str:
    """What is to be paid more, or what is left over."""
    return (
        _("{value} in the customer's favour").format(value=money(-net))
        if net < 0
        else _("{net} to pay").format(net=money(net))
    )
