"""Reports as pages: choose, see figures with a chart and what they mean, take them as a file (rule S8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from billing.admin.action_pages import Facts
from billing.admin.formatting import instant
from billing.admin.pages import page_of
from billing.admin.panels import Panel
from billing.models import Area
from billing.services import areas, clock
from billing.services.reports import kept
from billing.services.spreadsheets import Cell, csv_text
from billing.services.wording import counted
from billing.words import gettext_lazy

NEEDED = "billing.view_reports"
LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True)
class Answer:
    """What a report found: facts and panels for the page, heads and rows for the file."""

    facts: Facts
    panels: Sequence[Panel]
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


class AreaForm(forms.Form):
    area = forms.ModelChoiceField(
        Area.objects.all(),
        label=gettext_lazy("Area"),
        required=False,
        empty_label=gettext_lazy("All areas"),
        widget=UnfoldAdminSelectWidget,
    )

    @classmethod
    def usual(cls, today: date) -> dict[str, Any]:
        """What is chosen when the address says nothing."""
        return {}

    def address(self) -> str:
        """The query that asks for the same as a file."""
        chosen = {name: self[name].value() for name in self.fields}
        return "?" + urlencode({name: value for name, value in chosen.items() if value} | {"format": "csv"})


class DaysForm(AreaForm):
    since = forms.DateField(label=gettext_lazy("From"), widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=gettext_lazy("until"), widget=UnfoldAdminDateWidget)

    field_order = ("since", "until", "by")

    @classmethod
    def usual(cls, today: date) -> dict[str, Any]:
        return {"since": today.replace(day=1), "until": today}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            raise ValidationError(_("“Until” comes before “from”: correct one of the two dates."))
        if since and until and until - since > LONGEST:
            raise ValidationError(_("Choose three years at most."))
        return values

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.cleaned_data["since"], self.cleaned_data["until"]


def may_see(request: HttpRequest) -> bool:
    """Whether this user may see figures of the business; they tell of all areas, so not who is limited to some."""
    return request.user.has_perm(NEEDED) and areas.of(request.user) is None


@dataclass(frozen=True)
class Report:
    """A page of its own for each report: ``name`` is that of its address, ``meaning`` are its definitions."""

    name: str
    title: Any
    icon: str
    form: type[AreaForm]
    answer: Callable[[Any, datetime], Answer]
    meaning: Sequence[Any]

    def may_see(self, request: HttpRequest) -> bool:
        return may_see(request)

    def address(self) -> str:
        return reverse(self.name)

    @property
    def path(self) -> str:
        """Such as ``reports/tax/``."""
        return f"reports/{self.name.removeprefix('report_')}/"

    def page(self, request: HttpRequest) -> HttpResponseBase:
        """The page, or the file when the address says ``format=csv``."""
        if not self.may_see(request):
            raise PermissionDenied
        now = timezone.now()
        form = self.form({**self.form.usual(clock.local_date(now)), **request.GET.dict()})
        if not form.is_valid():
            return page_of(request, title=self.title, form=form, panels=[self._meaning()])
        found = self.answer(form, now)
        if request.GET.get("format") == "csv":
            return self._file(found, now)
        counted_at = kept.counted_at()
        facts = [*found.facts, (_("Counted"), age(counted_at, now))]
        panels = [*found.panels, self._meaning()]
        return page_of(request, title=self.title, form=form, facts=facts, panels=panels, file=form.address())

    def _meaning(self) -> Panel:
        return Panel(_("What the figures mean"), (), sentences=[str(sentence) for sentence in self.meaning], empty="")

    def _file(self, found: Answer, now: datetime) -> StreamingHttpResponse:
        name = f"{self.name.replace('_', '-')}-{clock.local_date(now)}.csv"
        headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
        text = csv_text(found.columns, found.rows)
        return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def age(counted_at: datetime | None, now: datetime) -> str:
    """When the figures were counted, in words."""
    if counted_at is None:
        return _("Not yet. The scheduler counts them with its job “Count the figures of reports”.")
    minutes = int((now - counted_at).total_seconds() // 60)
    return _("%(age)s ago, as of %(instant)s") % {"age": counted(minutes, "minute"), "instant": instant(counted_at)}
