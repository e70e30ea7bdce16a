"""What customers owe, what is expected of them, and what their subscriptions bring in, as pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.formatting import list_of, money
from billing.admin.panels import Panel
from billing.admin.report_tables import Field, Table, chart_of, month_of
from billing.admin.reports import Answer, AreaForm
from billing.admin.reports_of_money import SHORT_DAY, short_of
from billing.models import Bill, FiguresCount, Plan
from billing.services import clock
from billing.services.reports import receivables, recurring
from billing.services.reports.recurring import Running
from billing.words import gettext_lazy


class RevenueForm(AreaForm):
    months = forms.ChoiceField(
        label=gettext_lazy("Months"), choices=[("12", "12"), ("24", "24")], widget=UnfoldAdminSelectWidget
    )
    plan = forms.ModelChoiceField(
        Plan.objects.all(),
        label=gettext_lazy("Plan"),
        required=False,
        empty_label=gettext_lazy("All plans"),
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("months",)

    @classmethod
    def usual(cls, today: date) -> dict[str, Any]:
        return {"months": "12"}


def age_names() -> list[str]:
    return [_("Not due"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days")]


def age_lists(today: date) -> list[str]:
    """The address of the list of bills of each age."""
    firsts = [today - timedelta(days=first) if first else None for first in receivables.AGES]
    lists = []
    for place, last in enumerate(firsts):
        after = firsts[place + 1] if place + 1 < len(firsts) else None
        query = "?state=open"
        query += f"&due_on__lt={last + timedelta(days=1)}" if last else ""
        query += f"&due_on__gte={after + timedelta(days=1)}" if after else ""
        lists.append(list_of(Bill, query))
    return lists


def ages_chart(found: list[receivables.Open]) -> str:
    names = age_names()
    return chart_of(_("Left to pay by age"), zip(names, names, [age.amount for age in found], strict=True))


def ages(form: AreaForm, now: datetime) -> Answer:
    """The open bills by age, by area; the file by customer."""
    today, area = clock.local_date(now), form.cleaned_data["area"]
    found, names = receivables.by_age(today, area=area), age_names()
    rows = [
        (format_html('<a class="text-link" href="{}">{}</a>', address, name), age)
        for name, address, age in zip(names, age_lists(today), found, strict=True)
    ]
    fields = (Field(_("Bills"), lambda row: row[1].bills), Field(_("Left to pay"), lambda row: row[1].amount))
    panels = [Table([_("Age")], lambda row: [row[0]], fields, rows).panel(_("By age"), chart=ages_chart(found))]
    if not area:
        panels.append(_by_area(today, names))
    whole = sum((age.amount for age in found), Decimal(0))
    facts = [(_("Left to pay"), money(whole)), (_("Of it overdue"), money(whole - found[0].amount))]
    if not area and (state := FiguresCount.objects.first()):
        facts.append((_("Unused credit"), money(state.credit)))
    heads = [_("Customer"), _("Name"), _("Area"), *names, _("Total")]
    return Answer(facts, panels, heads, receivables.debtors(today, area=area))


def _by_area(today: date, names: list[str]) -> Panel:
    fields = [
        *(Field(name, _at(place)) for place, name in enumerate(names)),
        Field(_("Total"), lambda row: sum((age.amount for age in row[1]), Decimal(0))),
    ]
    rows = list(receivables.by_area(today).items())
    return Table([_("Area")], lambda row: [row[0] or _("No area")], fields, rows).panel(_("By area"))


def _at(place: int) -> Callable[[Any], Decimal]:
    return lambda row: row[1][place].amount


def expected(form: AreaForm, now: datetime) -> Answer:
    """What is due and promised on each of the next days."""
    rows = receivables.expected(now, area=form.cleaned_data["area"])
    fields = (
        Field(_("Bills due"), lambda row: row.due.bills),
        Field(_("Due"), lambda row: row.due.amount),
        Field(_("Bills promised"), lambda row: row.promised.bills),
        Field(_("Promised"), lambda row: row.promised.amount),
        Field(_("Expected"), lambda row: row.due.amount + row.promised.amount),
    )
    table = Table([_("Day")], lambda row: [row.day], fields, rows)
    columns = ((formats.date_format(row.day, SHORT_DAY), str(row.day), fields[-1].of(row)) for row in rows)
    total = sum((row.due.amount + row.promised.amount for row in rows), Decimal(0))
    panel = table.panel(_("The next 7 days"), chart=chart_of(_("Expected by day"), columns))
    return Answer([(_("Expected"), money(total))], [panel], *table.file())


def revenue(form: RevenueForm, now: datetime) -> Answer:
    """Recurring revenue by month, and by plan now."""
    this_month, area = recurring.first_of(clock.local_date(now)), form.cleaned_data["area"]
    since = this_month - relativedelta(months=int(form.cleaned_data["months"]))
    found = recurring.by_month(since, this_month, area=area, plan=form.cleaned_data["plan"])
    before = {row.head + relativedelta(months=1): row for row in found}
    rows = [row for row in found if row.head > since]
    table = Table([_("Month")], lambda row: [month_of(row.head)], _fields_of_months(before), rows)
    facts = _latest(rows[-1], before) if rows and rows[-1].head == this_month else []
    panels = [table.panel(_("By month"), chart=revenue_chart(rows), totals=False)]
    if not form.cleaned_data["plan"]:
        by_plan = recurring.by_plan(this_month, area=area)
        panels.append(plans_of(by_plan))
    return Answer(facts, panels, *table.file())


def plans_of(rows: list[Running], more: str = "") -> Panel:
    """The subscriptions and the revenue of each plan."""
    fields = [
        Field(_("Subscriptions"), lambda row: row.subscriptions),
        Field(_("Gained"), lambda row: row.gained),
        Field(_("Lost"), lambda row: row.lost),
        Field(_("Revenue"), lambda row: row.recurring),
    ]
    table = Table([_("Plan")], lambda row: [row.head or _("No plan")], fields, rows)
    return replace(table.panel(_("By plan, today")), more=more)


def revenue_chart(rows: list[Running]) -> str:
    columns = ((short_of(row.head), month_of(row.head), row.recurring) for row in rows)
    return chart_of(_("Recurring revenue by month"), columns) if len(rows) > 1 else ""


def churn_of(row: Running, before: dict[Any, Running]) -> str:
    """The churn of a month in percent, with two decimals."""
    churn = row.churn(before.get(row.head))
    return "–" if churn is None else f"{churn:.2f} %"


def _latest(row: Running, before: dict[Any, Running]) -> list[tuple[str, Any]]:
    return [
        (_("Recurring revenue"), money(row.recurring)),
        (_("Per customer"), money(row.per_customer)),
        (_("Churn this month"), churn_of(row, before)),
    ]


def _fields_of_months(before: dict[Any, Running]) -> list[Field]:
    return [
        Field(_("Revenue"), lambda row: row.recurring),
        Field(_("Gained revenue"), lambda row: row.recurring_gained),
        Field(_("Lost revenue"), lambda row: row.recurring_lost),
        Field(_("Per customer"), lambda row: row.per_customer),
        Field(_("Customers"), lambda row: row.customers),
        Field(_("Subscriptions"), lambda row: row.subscriptions),
        Field(_("Gained"), lambda row: row.gained),
        Field(_("Lost"), lambda row: row.lost),
        Field(_("Churn"), lambda row: churn_of(row, before)),
    ]
