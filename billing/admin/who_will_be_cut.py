"""Who will be cut, and when: to call them before it happens, on the screen and as a CSV file (rule E13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.action_pages import Facts
from billing.admin.formatting import amount_cell, day, instant, link, money
from billing.admin.pages import page_of
from billing.admin.panels import Panel, columns
from billing.models import Area, Customer, Plan, Subscription, SweepRun
from billing.services import areas, clock, expiry_preview
from billing.services.expiry_preview import Chosen, Preview, Totals, WouldCut
from billing.services.spreadsheets import csv_text
from billing.services.wording import counted
from billing.words import gettext_lazy

NEEDED = ("billing.view_customer", "billing.view_subscription")
ROWS_A_PAGE = 100
MOST_ROUTERS = 20
IN_ONE_LINE = '<span class="whitespace-nowrap">{}</span>'
WINDOWS = {
    "0": gettext_lazy("the end of today"),
    "1": gettext_lazy("the end of tomorrow"),
    "7": gettext_lazy("the end of the next 7 days"),
}
HEADS = columns(
    "Customer",
    "Phone",
    "Area",
    "Login",
    "Plan",
    "Owes",
    "Due",
    "Cut-off",
    amounts=("Owes",),
)


class WindowForm(forms.Form):
    days = forms.ChoiceField(
        label=gettext_lazy("Cut by"), choices=list(WINDOWS.items()), widget=UnfoldAdminSelectWidget
    )
    area = forms.ModelChoiceField(
        Area.objects.all(),
        label=gettext_lazy("Area"),
        required=False,
        empty_label=gettext_lazy("All areas"),
        widget=UnfoldAdminSelectWidget,
    )
    plan = forms.ModelChoiceField(
        Plan.objects.all(),
        label=gettext_lazy("Plan"),
        required=False,
        empty_label=gettext_lazy("All plans"),
        widget=UnfoldAdminSelectWidget,
    )
    run = forms.ModelChoiceField(SweepRun.objects.all(), required=False, widget=forms.HiddenInput)
    page = forms.IntegerField(min_value=1, max_value=1_000_000, required=False, widget=forms.HiddenInput)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._areas = areas.of(user)
        cast("forms.ModelChoiceField", self.fields["area"]).queryset = areas.seen(user, Area.objects.all())

    @property
    def chosen(self) -> Chosen:
        """Whom the page is about."""
        chosen = {name: self.cleaned_data[name] for name in ("area", "plan", "run")}
        return Chosen(**chosen, areas=self._areas)

    def address(self, **changes: Any) -> str:
        """The query that asks for the same with ``changes``."""
        rows = {name: self.cleaned_data[name] for name in ("area", "plan", "run")}
        keys = {name: row.pk for name, row in rows.items() if row}
        return "?" + urlencode({"days": self.cleaned_data["days"], **keys, **changes})


def may_see(request: HttpRequest) -> bool:
    """Whether this user may see whom the page names."""
    return bool(request.user.has_perms(NEEDED))


def address(run: SweepRun | None = None) -> str:
    """Where the page is; with ``run`` it shows only who is on the list of that held run."""
    return reverse("who_will_be_cut") + (f"?run={run.pk}" if run else "")


def who_will_be_cut(request: HttpRequest) -> HttpResponseBase:
    """The page, or the file when the address says ``format=csv``."""
    if not may_see(request):
        raise PermissionDenied
    now = timezone.now()
    form = WindowForm(request.user, {"days": "0", **request.GET.dict()})
    found = expiry_preview.outlook(int(form.cleaned_data["days"]), now=now) if form.is_valid() else None
    if found and request.GET.get("format") == "csv":
        return _file(found, form.chosen, now)
    answer = _answer(request, form, found) if found else {}
    return page_of(request, title=_("Who will be cut"), form=form, **answer)


def _answer(request: HttpRequest, form: WindowForm, found: Preview) -> dict[str, Any]:
    totals, page = expiry_preview.totals(found.at, form.chosen), form.cleaned_data["page"] or 1
    stop = page * ROWS_A_PAGE
    rows = [_row(row) for row in expiry_preview.rows(found.at, form.chosen, start=stop - ROWS_A_PAGE, stop=stop)]
    title = _("Due by {windows}").format(windows=WINDOWS[form.cleaned_data["days"]])
    if form.chosen.run:
        title += _(", of those that {run} found").format(run=form.chosen.run)
    return {
        "warnings": held_now(request) or found.remarks,
        "facts": [*_facts(found, totals), *at_routers(request.user, found.at, form.chosen)],
        "panels": [Panel(title, HEADS, rows, empty=_("Nobody."))],
        "file": form.address(format="csv"),
        "earlier": form.address(page=page - 1) if page > 1 else "",
        "later": form.address(page=page + 1) if totals.subscriptions > stop else "",
    }


def held_now(request: HttpRequest) -> list[str]:
    """That the circuit breaker holds a run, with the way to it for those who may see it."""
    held = SweepRun.objects.filter(status=SweepRun.Status.HELD).first()
    if held is None:
        return []
    page = link(held) if request.user.has_perm("billing.view_sweeprun") else str(held)
    due = counted(held.looked_at, "subscription")
    warning = _("The circuit breaker holds {}, which would disable {}: nobody is cut until staff confirm it.")
    return [format_html(warning, page, due)]


def _facts(found: Preview, totals: Totals) -> Facts:
    return [
        (
            _("As of"),
            _("{at}, if nothing is paid until then. Nothing is changed by looking.").format(at=instant(found.at)),
        ),
        (
            _("Due"),
            _("{counted} of {counted_2}").format(
                counted=counted(totals.subscriptions, "subscription"), counted_2=counted(totals.customers, "customer")
            ),
        ),
        (_("They owe"), money(totals.owed)),
    ]


def at_routers(user: Any, at: datetime, chosen: Chosen) -> Facts:
    """At which routers those are who are due, for those who may see routers."""
    found = expiry_preview.by_router(at, chosen) if user.has_perm("billing.view_router") else []
    parts = [(link(router) if router else _("at none"), f"{count:,}") for router, count in found[:MOST_ROUTERS]]
    if others := sum(count for _router, count in found[MOST_ROUTERS:]):
        parts.append((_("at others"), f"{others:,}"))
    return [(_("By router"), format_html_join(", ", "{}: {}", parts))] if parts else []


def _row(row: WouldCut) -> tuple[object, ...]:
    return (
        link(Customer(pk=row.customer_id), f"{row.customer_code} {row.customer_name}"),
        format_html(IN_ONE_LINE, row.phone),
        row.area,
        link(Subscription(pk=row.subscription_id), row.login),
        row.plan,
        amount_cell(row.owed),
        format_html(IN_ONE_LINE, day(row.due_on)),
        instant(row.cut_at),
    )


def _file(found: Preview, chosen: Chosen, now: datetime) -> StreamingHttpResponse:
    rows = (expiry_preview.cells(row) for row in expiry_preview.rows(found.at, chosen))
    name = f"who-will-be-cut-{clock.local_date(now)}-{clock.local_date(found.at)}.csv"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    text = csv_text([_(name) for name in expiry_preview.COLUMNS], rows)
    return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
