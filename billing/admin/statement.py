"""A customer's statement: the account as a running balance, on the screen and as a CSV file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from unfold.forms import AdminForm
from unfold.widgets import UnfoldAdminDateWidget

from billing.admin import formatting, printing
from billing.admin.base import BillingAdmin
from billing.admin.formatting import amount_cell, day
from billing.admin.panels import Panel, columns
from billing.documents import statements as papers
from billing.models import Bill, CreditNote, Customer, Payment
from billing.rules.errors import Refused
from billing.services import clock, statements
from billing.words import gettext_lazy

HEADS = columns(
    "Date",
    "Entry",
    "Document",
    "Debit",
    "Credit",
    "Balance",
    amounts=("Debit", "Credit", "Balance"),
)
MODELS: dict[str, type[Model]] = {"bill": Bill, "payment": Payment, "creditnote": CreditNote}
PRINTED = ("html", "pdf")
SHOWN_AT_FIRST = relativedelta(years=1)


class StatementForm(forms.Form):
    since = forms.DateField(
        label=gettext_lazy("From"), widget=UnfoldAdminDateWidget, help_text=gettext_lazy("The first day.")
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), widget=UnfoldAdminDateWidget, help_text=gettext_lazy("The last day, included.")
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            raise ValidationError(_("“Until” comes before “From”: correct one of the two dates."))
        return values


def statement(admin: BillingAdmin, request: HttpRequest, customer: Customer) -> HttpResponseBase:
    """The page, the file when the address says ``format=csv``, or what is printed."""
    today = clock.local_date(timezone.now())
    form = StatementForm({"since": today - SHOWN_AT_FIRST, "until": today, **request.GET.dict()})
    if form.is_valid() and request.GET.get("format") == "csv":
        return _file(customer, **form.cleaned_data)
    if form.is_valid() and request.GET.get("format") in PRINTED:
        try:
            paper = papers.statement(customer, today=today, **form.cleaned_data)
            return printing.answer(request, paper, back=request.path + _address(form))
        except Refused as refused:
            form.add_error(None, str(refused))
    page = AdminForm(form, [(None, {"fields": [("since", "until")]})], {}, model_admin=admin)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("Statement of {customer}").format(customer=customer),
        "form": form,
        "inline_admin_formsets": [],
        "adminform": page,
        "media": admin.media + form.media,
        "back": formatting.page_of(customer),
        "panels": [_panel(request, customer, **form.cleaned_data)] if form.is_valid() else [],
        "file": _address(form, format="csv") if form.is_valid() else "",
        "print": _address(form, format="html") if form.is_valid() else "",
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "billing/statement.html", context)


def _file(customer: Customer, since: date, until: date) -> StreamingHttpResponse:
    text = statements.as_csv(statements.lines(customer, since=since, until=until))
    name = f"statement-{customer.code}-{since}-{until}.csv"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _panel(request: HttpRequest, customer: Customer, since: date, until: date) -> Panel:
    linked = {name for name in MODELS if request.user.has_perm(f"billing.view_{name}")}
    lines = statements.lines(customer, since=since, until=until)
    return Panel(_("{since} to {until}").format(since=day(since), until=day(until)), HEADS, _rows(lines, linked))


def _rows(lines: Iterable[statements.Line], linked: Iterable[str]) -> list[tuple[object, ...]]:
    return [
        (
            day(line.day),
            line.text,
            _document(line, linked),
            _amount(line.debit),
            _amount(line.credit),
            amount_cell(line.balance),
        )
        for line in lines
    ]


def _document(line: statements.Line, linked: Iterable[str]) -> str:
    if line.document is None or line.document[0] not in linked:
        return line.number
    name, pk = line.document
    return formatting.link(MODELS[name](pk=pk), line.number)


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else amount_cell(amount)


def _address(form: StatementForm, **more: str) -> str:
    return "?" + urlencode({**form.cleaned_data, **more})
