"""The button “Print”: a document as a page that can be printed, and as PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import action
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.base import BillingAdmin, button
from billing.documents import bills, rendering
from billing.documents.papers import Paper
from billing.models import Bill
from billing.words import gettext_lazy

MOST_SELECTED = 50  # some 2 seconds of a web worker
SIZES = {"a4": "A4", "a5": "A5", "roll": gettext_lazy("80 mm roll")}


def print_button(
    paper_of: Callable[..., Paper], *, sizes: Sequence[str] = (), is_offered: Callable[[Any], bool] = lambda row: True
) -> Callable[..., HttpResponse]:
    """The button on a row's page and the view behind it, to be named ``print_document`` in an admin.

    ``paper_of`` is called with the row, and with the ``size`` when there are ``sizes`` to choose from.
    """

    def print_document(admin: BillingAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        row = admin.found(request, object_id)
        if row is None:
            return admin.missing(request, object_id)
        if not is_offered(row):
            messages.warning(request, _("A draft is not printed. Issue it first."))
            return redirect(formatting.page_of(row))
        size = request.GET.get("size", "")
        chosen = {"size": size if size in sizes else sizes[0]} if sizes else {}
        return answer(request, paper_of(row, **chosen), back=formatting.page_of(row), sizes=sizes)

    shown: Any = button(_("Print"), path="print", icon="print")(print_document)
    shown.is_offered = lambda user, row: is_offered(row)
    return cast("Callable[..., HttpResponse]", shown)


def print_links(row: Model, sizes: Sequence[str]) -> list[tuple[str, str]]:
    """The sizes in which the document of ``row`` can be printed, each with its address."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_print_document", args=[row.pk])
    return [(SIZES[size], f"{address}?size={size}") for size in sizes]


def answer(request: HttpRequest, paper: Paper, *, back: str, sizes: Sequence[str] = ()) -> HttpResponse:
    """The print view of ``paper``, or its PDF when the address says ``format=pdf`` and it can be made here."""
    notice = ""
    if request.GET.get("format") == "pdf":
        try:
            return pdf_file(rendering.pdf([paper]), f"{paper.name}.pdf")
        except rendering.PdfUnavailable as reason:
            notice = str(reason)
    toolbar = {
        "notice": notice,
        "back": back,
        "pdf": _address(request, format="pdf"),
        "choices": [
            {"title": SIZES[size], "address": _address(request, size=size), "is_shown": size == paper.size}
            for size in sizes
        ],
    }
    return HttpResponse(rendering.html(paper, toolbar=toolbar))


@action(description=gettext_lazy("Print"), permissions=["view"])
def print_selected(admin: BillingAdmin, request: HttpRequest, queryset: QuerySet[Bill]) -> HttpResponse | None:
    """One PDF of the issued bills that are selected on a page of the list."""
    ids = list(
        queryset.exclude(status=Bill.Status.DRAFT).order_by("pk").values_list("pk", flat=True)[: MOST_SELECTED + 1]
    )
    if not 0 < len(ids) <= MOST_SELECTED:
        messages.warning(
            request,
            _("Select 1 to {most_selected} issued bills; “Print bills” in the menu makes more.").format(
                most_selected=MOST_SELECTED
            ),
        )
        return None
    try:
        return pdf_file(rendering.pdf(bills.bills(ids)), "bills.pdf")
    except rendering.PdfUnavailable as reason:
        messages.error(request, str(reason))
        return None


def pdf_file(content: bytes, name: str) -> HttpResponse:
    """A PDF that the browser shows and would save as ``name``."""
    headers = {"Content-Disposition": content_disposition_header(as_attachment=False, filename=name)}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"
