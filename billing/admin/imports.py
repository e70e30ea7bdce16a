"""Import: bring a file in, choose its columns, see what its rows would do, have that done, see how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.admin import formatting
from billing.admin.base import attempt
from billing.admin.import_forms import NEEDS, NOT_YOURS, ColumnsForm, UploadForm, first_rows
from billing.admin.panels import Column, Panel, columns
from billing.models import ImportedFile, ImportedRow
from billing.rules.errors import Refused
from billing.services import areas, audit, spreadsheets
from billing.services.imports import files, kinds, passwords, sources
from billing.services.wording import counted, of_the_books
from billing.words import gettext_lazy
from utils.background_tasks import TIMETABLE
from utils.monitoring import status
from utils.scheduler import requests

JOB = "import_files"
SHOWN = 20  # of the files
ROWS_SHOWN = 10  # of each outcome
Status = ImportedFile.Status
Outcome = ImportedRow.Outcome
BEGUN, CANCELLED = gettext_lazy("Begun to import."), gettext_lazy("Cancelled.")
WHAT_IS_WRONG = (gettext_lazy("Row"), gettext_lazy("What is wrong"))


def may_see(request: HttpRequest) -> bool:
    """Whether this user may import anything."""
    return any(request.user.has_perm(needed) for needed in NEEDS.values())


def address() -> str:
    return reverse("imports")


def imports(request: HttpRequest) -> HttpResponse:
    """The files and the form for another one."""
    if not may_see(request):
        raise PermissionDenied
    form = UploadForm(request.user, request.POST or None, request.FILES or None)
    kept = attempt(form, lambda: _upload(request, form)) if request.method == "POST" else None
    if kept is None:
        context = {"form": form, "files": _visible(request).select_related("uploaded_by")[:SHOWN]}
        return _page(request, "billing/imports.html", _("Import"), **context)
    if len(kept) == 1:
        return redirect("import_file", pk=kept[0].pk)
    messages.success(
        request,
        _("The file has {counted} to import. Take them in this order.").format(counted=counted(len(kept), "table")),
    )
    return redirect(address())


def _upload(request: HttpRequest, form: UploadForm) -> list[ImportedFile]:
    if areas.of(request.user) is not None:
        raise Refused("A file has customers of all areas. Somebody who sees all of them must bring it in.")
    chosen = form.cleaned_data
    uploads = sources.read(chosen["file"].read(), kind=chosen["kind"])
    if not all(request.user.has_perm(NEEDS[ImportedFile.Kind(one.kind)]) for one in uploads):
        raise PermissionDenied
    return files.upload(
        uploads,
        name=chosen["file"].name,
        by=request.user,
        now=timezone.now(),
        request_key=chosen["request_key"],
    )


def _visible(request: HttpRequest) -> QuerySet[ImportedFile]:
    if areas.of(request.user) is not None:
        return ImportedFile.objects.none()
    allowed = [kind for kind, needed in NEEDS.items() if request.user.has_perm(needed)]
    return ImportedFile.objects.filter(kind__in=allowed)


def _one(request: HttpRequest, pk: int) -> ImportedFile:
    if not may_see(request):
        raise PermissionDenied
    return get_object_or_404(_visible(request), pk=pk)


def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: the form for its columns while they are to be chosen, else how it stands."""
    file = _one(request, pk)
    if "progress" in request.GET:
        return render(request, "billing/import_state.html", _state(request, file))
    is_to_choose = file.status == Status.UPLOADED or ("columns" in request.GET and file.status == Status.CHECKED)
    if request.method == "POST" or is_to_choose:
        return _columns(request, file)
    return _page(request, "billing/import_file.html", str(file), **_state(request, file))


def _columns(request: HttpRequest, file: ImportedFile) -> HttpResponse:
    form = ColumnsForm(request.user, file, request.POST or None)
    chosen = attempt(form, lambda: files.check(file, mapping=form.mapping, options=form.options))
    if chosen:
        _start(request, timezone.now())
        return redirect("import_file", pk=file.pk)
    rows = first_rows(list(file.rows.order_by("position")[:ROWS_SHOWN]))
    panels = [Panel(_("The first rows"), tuple(map(Column, file.head)), [tuple(row) for row in rows])]
    return _page(request, "billing/import_columns.html", str(file), file=file, form=form, panels=panels)


def _start(request: HttpRequest, now: datetime) -> None:
    requests.ask_run(JOB, timetable=TIMETABLE, by=request.user, now=now)
    if status.current(TIMETABLE, now).leader is None:
        messages.warning(request, _("No scheduler leads at the moment: it is done when one does."))


def _state(request: HttpRequest, file: ImportedFile) -> dict[str, Any]:
    """How far the file is, what its rows do, and the first of them."""
    tallies = [] if file.status in files.WORKING else files.tallies(file)
    return {
        "file": file,
        "is_working": file.status in files.WORKING,
        "is_checked": file.status == Status.CHECKED,
        "is_open": file.status in files.OPEN,
        "has_errors": any(tally.outcome == Outcome.REFUSED for tally in tallies),
        "does_something": any(tally.outcome in files.IMPORTED for tally in tallies),
        "facts": _facts(file, tallies),
        "panels": [_panel(file, tally.outcome) for tally in tallies],
    }


def _facts(file: ImportedFile, tallies: list[files.Tally]) -> list[tuple[str, str]]:
    brought = _("by {uploaded_by}, {uploaded_at}").format(
        uploaded_by=file.uploaded_by, uploaded_at=formatting.instant(file.uploaded_at)
    )
    facts = [(_("State"), file.get_status_display()), (_("Brought in"), brought), (_("Rows"), f"{file.total:,}")]
    facts += [(_title(tally.outcome), _sum(tally)) for tally in tallies]
    unused = [name for place, name in enumerate(file.head) if place not in file.mapping.values()]
    left_out = [*file.left_out, *([_("columns {unused}").format(unused=", ".join(unused))] if unused else [])]
    return [*facts, *([(_("Left out"), "; ".join(left_out))] if left_out else [])]


def _title(outcome: str) -> str:
    title = Outcome(outcome).label
    return f"{title[0].upper()}{title[1:]}"


def _sum(tally: files.Tally) -> str:
    return f"{tally.count:,}" + (f" – {formatting.money(tally.amount)}" if tally.amount else "")


def _panel(file: ImportedFile, outcome: str) -> Panel:
    """The first rows with an outcome: what they say of each field that is used."""
    used = [(_(one.label), file.mapping[one.name]) for one in kinds.FIELDS[file.kind] if one.name in file.mapping]
    rows = [
        (row.position, row.message or formatting.NONE, *(passwords.shown(row.cells[place]) for _, place in used))
        for row in file.rows.filter(outcome=outcome).order_by("position")[:ROWS_SHOWN]
    ]
    return Panel(
        _("{title}: the first rows").format(title=_title(outcome)),
        columns("Row", "What", *(label for label, _ in used)),
        rows,
    )


@require_POST
def begin_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Have done what the preview shows."""
    file, now = _one(request, pk), timezone.now()

    def begin() -> None:
        if not request.user.has_perms(kinds.permissions_of(file)):
            raise Refused(NOT_YOURS)
        files.begin_import(file, by=request.user, now=now)

    return _tried(request, file, begin, BEGUN, starts=True)


@require_POST
def cancel_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Go no further with a file."""
    file, now = _one(request, pk), timezone.now()
    return _tried(request, file, lambda: files.cancel(file, now=now), CANCELLED)


def _tried(request: HttpRequest, file: ImportedFile, act: Any, said: str, *, starts: bool = False) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        with of_the_books():
            audit.note(file, said)
        if starts:
            _start(request, timezone.now())
    return redirect("import_file", pk=file.pk)


def import_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that cannot be imported, as they came, with what is wrong and what to do."""
    file = _one(request, pk)
    text = spreadsheets.csv_text([*file.head, *WHAT_IS_WRONG], files.errors(file))
    headers = {"Content-Disposition": content_disposition_header(True, f"errors-of-import-{file.pk}.csv")}
    return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=cast("dict[str, str]", headers))


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    request.current_app = admin.site.name
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})
