"""Every list as a file: CSV that is streamed, or XLSX, with the list's filters and search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Field, Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from billing.admin import search
from billing.models.fields import MoneyField
from billing.services import audit, clock, export_columns, spreadsheets
from billing.services.wording import of_the_books
from utils import origin
from utils.sign_in.addresses import client_address

PERMISSION = "billing.export_lists"
ROWS_AT_ONCE = 2000  # read by the server-side cursor
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Exported:
    """A list that can be downloaded. ``export_more`` are (title, path) of what is not a column of its table."""

    export_more: Sequence[tuple[str, str]] = ()
    list_after_template = "billing/export_links.html"

    def get_urls(self) -> list[URLPattern]:
        admin: Any = self
        name = f"{admin.opts.app_label}_{admin.opts.model_name}_export"
        return [path("export/", admin.admin_site.admin_view(self.export), name=name), *super().get_urls()]  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        links = _links(self, request) if request.user.has_perm(PERMISSION) else []
        return super().changelist_view(request, {**(extra_context or {}), "export_links": links})  # type: ignore[misc]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The file of the list that the rest of the address asks for."""
        admin: Any = self
        if not (request.user.has_perm(PERMISSION) and admin.has_view_permission(request)):
            raise PermissionDenied
        query = request.GET.copy()
        kind = query.pop("format", ["csv"])[-1]
        query.pop(PAGE_VAR, None)
        request.GET = query  # type: ignore[assignment]
        try:
            rows = admin.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect(f"{_address(admin, 'changelist')}?e=1")
        if vars(request).get(search.CUT):
            messages.warning(request, _("The search finds too many customers to be complete. Narrow it down first."))
            return redirect(f"{_address(admin, 'changelist')}?{query.urlencode()}")
        name = f"{admin.opts.model_name}-{clock.local_date(timezone.now())}.{kind}"
        _note(request, admin, name)
        if kind == "xlsx":
            return _xlsx(request, admin, rows, name)
        heads, paths = _columns(admin)
        text = spreadsheets.csv_text(heads, _cells(rows, paths))
        headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
        return StreamingHttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _note(request: HttpRequest, admin: Any, name: str) -> None:
    """Into the audit, although the page is only asked for: what leaves the house is to be known."""
    who: Any = {"actor": request.user.pk, "address": client_address(request)}
    with origin.acting(origin.PAGE, request.get_full_path(), **who), of_the_books():
        said = _("Downloaded as {name}.").format(name=name)
        audit.note_of(admin.opts.label_lower, "", str(admin.opts.verbose_name_plural), said)


def _xlsx(request: HttpRequest, admin: Any, rows: QuerySet[Model], name: str) -> HttpResponseBase:
    most = settings.EXPORT_MAX_XLSX_ROWS
    if rows.order_by().values("pk")[: most + 1].count() > most:
        messages.warning(
            request,
            _("These are more than {most} rows. Download them as CSV, or narrow the list down.").format(
                most=f"{most:,}"
            ),
        )
        return redirect(f"{_address(admin, 'changelist')}?{request.GET.urlencode()}")
    heads, paths = _columns(admin)
    file = TemporaryFile()  # noqa: SIM115  (the response closes it)
    spreadsheets.write_xlsx(heads, _cells(rows, paths), file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX_TYPE)


def _address(admin: Any, view: str) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_{view}")


def _links(admin: Any, request: HttpRequest) -> list[tuple[str, str]]:
    """The list as it is shown, by format."""
    query = request.GET.copy()
    query.pop(PAGE_VAR, None)
    links = []
    for kind in ("csv", "xlsx"):
        query["format"] = kind
        links.append((kind.upper(), f"{_address(admin, 'export')}?{query.urlencode()}"))
    return links


def _columns(admin: Any) -> tuple[list[str], dict[str, Field | None]]:
    """The heads, and the paths of the values with the field that each is of."""
    paths = export_columns.of(admin.model)
    paths |= {at: (str(head), None) for head, at in admin.export_more}
    return [head for head, _ in paths.values()], {at: field for at, (_, field) in paths.items()}


def _cells(rows: QuerySet[Model], paths: dict[str, Field | None]) -> Iterator[list[Any]]:
    """The values row by row, read by a cursor of the server.

    In a transaction: outside of one PostgreSQL would store all rows before it gives the first.
    """
    found = rows.select_related(None).prefetch_related(None).values_list(*paths)
    show = [_shower(field) for field in paths.values()]
    with transaction.atomic():
        for row in found.iterator(chunk_size=ROWS_AT_ONCE):
            yield [cell(value) for cell, value in zip(show, row, strict=True)]


def _shower(field: Field | None) -> Any:
    """How a value of a field is written."""
    if isinstance(field, MoneyField) or field is None:
        return _as_it_is
    choices = dict(field.flatchoices)
    if not choices:
        return _plain
    return lambda value: str(choices[value]) if value in choices else _plain(value)


def _as_it_is(value: Any) -> Any:
    return value if isinstance(value, Decimal) else _plain(value)


def _plain(value: Any) -> Any:
    """A value that a spreadsheet has: a share is no amount, and what is no value of its own is a text."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, (str, int, float)) or hasattr(value, "isoformat") else str(value)
