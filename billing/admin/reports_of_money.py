"""What was collected, earned and taxed, as pages."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.formatting import money, percent
from billing.admin.report_tables import Field, Table, chart_of, month_of, shown_name
from billing.admin.reports import Answer, DaysForm
from billing.models import Payment, Plan
from billing.services.reports import collections, income, tax
from billing.services.reports.tax import Taxed
from billing.services.spreadsheets import Cell
from billing.words import gettext_lazy

SHORT_DAY, SHORT_MONTH = "j M", "M Y"
LONGEST_NAME = 12  # below a column
BY_LABEL = gettext_lazy("By")


class CollectionsForm(DaysForm):
    by = forms.ChoiceField(
        label=BY_LABEL,
        choices=[
            ("day", gettext_lazy("Day")),
            ("method", gettext_lazy("Method")),
            ("staff", gettext_lazy("Member of staff")),
            ("area", gettext_lazy("Area")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=lambda: [("", _("All methods")), *Payment.Method.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    @classmethod
    def usual(cls, today: date) -> dict[str, Any]:
        return {**super().usual(today), "by": "day"}


class IncomeForm(DaysForm):
    by = forms.ChoiceField(
        label=BY_LABEL,
        choices=[("plan", gettext_lazy("Plan")), ("area", gettext_lazy("Area")), ("month", gettext_lazy("Month"))],
        widget=UnfoldAdminSelectWidget,
    )
    plan = forms.ModelChoiceField(
        Plan.objects.all(),
        label=gettext_lazy("Plan"),
        required=False,
        empty_label=gettext_lazy("All plans"),
        widget=UnfoldAdminSelectWidget,
    )

    @classmethod
    def usual(cls, today: date) -> dict[str, Any]:
        return {**super().usual(today), "by": "plan"}


def collected(form: CollectionsForm, now: datetime) -> Answer:
    """Money received and taken back, by what the form says."""
    by, chosen = form.cleaned_data["by"], form.cleaned_data
    rows = collections.by(by, *form.days, area=chosen["area"], method=chosen["method"])
    nobody = _("Not by staff") if by == "staff" else _("No area")
    fields = (
        Field(_("Payments"), lambda row: row.payments),
        Field(_("Received"), lambda row: row.received),
        Field(_("Taken back"), lambda row: row.returned),
        Field(_("Collected"), lambda row: row.net),
    )
    return _answer(form, _("Collected"), Table([label_of(form)], lambda row: [named(row.head, nobody)], fields, rows))


def earned(form: IncomeForm, now: datetime) -> Answer:
    """Income without tax, by what the form says."""
    by, chosen = form.cleaned_data["by"], form.cleaned_data
    rows = income.by(by, *form.days, area=chosen["area"], plan=chosen["plan"])
    nobody = _("No plan") if by == "plan" else _("No area")
    fields = (
        Field(_("Billed"), lambda row: row.billed),
        Field(_("Voided"), lambda row: row.voided),
        Field(_("Credited"), lambda row: row.credited),
        Field(_("Given up"), lambda row: row.given_up),
        Field(_("Income"), lambda row: row.net),
    )
    return _answer(form, _("Income"), Table([label_of(form)], lambda row: [named(row.head, nobody)], fields, rows))


def taxed(form: DaysForm, now: datetime) -> Answer:
    """Tax by month and rate."""
    rows = tax.by_month(*form.days, area=form.cleaned_data["area"])
    fields = (
        Field(_("Billed without tax"), lambda row: row.base),
        Field(_("Tax billed"), lambda row: row.tax),
        Field(_("Taken back without tax"), lambda row: row.base_back),
        Field(_("Tax taken back"), lambda row: row.tax_back),
        Field(_("Without tax"), lambda row: row.net_base),
        Field(_("Tax"), lambda row: row.net_tax),
    )
    table = Table([_("Month"), _("Rate")], lambda row: [month_of(row.month), rate_of(row)], fields, rows)
    months = {row.month: Decimal(0) for row in rows}
    for row in rows:
        months[row.month] += row.net_tax
    columns = ((short_of(month), month_of(month), amount) for month, amount in months.items())
    total = sum(months.values(), Decimal(0))
    chart = chart_of(_("Tax by month"), columns) if len(months) > 1 else ""
    return Answer([(_("Tax"), money(total))], [table.panel(_("By month and rate"), chart=chart)], *table.file())


def named(head: Any, nobody: str) -> Cell:
    """What a row is about, as it is read."""
    if isinstance(head, date):
        return head
    return dict(Payment.Method.choices).get(head, head) if head else nobody


def label_of(form: Any) -> str:
    """The name of what the form chose to have one row each of."""
    return str(dict(form.fields["by"].choices)[form.cleaned_data["by"]])


def rate_of(row: Taxed) -> str:
    return _("No tax") if row.percent is None else f"{row.name} ({percent(row.percent)})"


def short_of(first: date) -> str:
    return formats.date_format(first, SHORT_MONTH)


def _answer(form: Any, what: str, table: Table) -> Answer:
    """The last field of the table is what it is about: the total says it, and the chart."""
    last = table.fields[-1]
    amounts = [last.of(row) for row in table.rows]
    form_of = SHORT_DAY if form.cleaned_data["by"] == "day" else SHORT_MONTH
    names = [named for [named] in map(table.name, table.rows)]
    short = [
        formats.date_format(name, form_of) if isinstance(name, date) else str(name)[:LONGEST_NAME] for name in names
    ]
    words = [shown_name(name) for name in names]
    chart = chart_of(what, zip(short, words, amounts, strict=True)) if len(table.rows) > 1 else ""
    total = money(sum(amounts, Decimal(0)))
    return Answer([(what, total)], [table.panel(label_of(form), chart=chart)], *table.file())
