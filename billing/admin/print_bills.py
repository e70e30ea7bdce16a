"""Print many bills at once: choose days and an area, have one PDF made by the scheduler, see how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from billing.admin.base import attempt
from billing.admin.formatting import day
from billing.models import Area, Bill, PrintOrder
from billing.rules.errors import Refused
from billing.services import audit, clock, print_orders
from billing.services.wording import counted, of_the_books
from billing.words import gettext_lazy
from utils.background_tasks import TIMETABLE
from utils.monitoring import status
from utils.scheduler import requests

JOB = "print_documents"
SHOWN = 20  # of the orders
A_MINUTE = 600  # bills, by one processor for 25 of 60 seconds
ALL, OWED = "all", "owed"


class PrintForm(forms.Form):
    since = forms.DateField(label=gettext_lazy("Issued from"), widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=gettext_lazy("until"), widget=UnfoldAdminDateWidget)
    area = forms.ModelChoiceField(
        Area.objects.all(),
        label=gettext_lazy("Area"),
        required=False,
        empty_label=gettext_lazy("All areas"),
        widget=UnfoldAdminSelectWidget,
    )
    which = forms.ChoiceField(
        label=gettext_lazy("Which"),
        choices=[(ALL, gettext_lazy("All but void bills")), (OWED, gettext_lazy("Only what is left to pay"))],
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            raise ValidationError(_("“Until” comes before “from”: correct one of the two dates."))
        return values

    @property
    def what(self) -> str:
        """The choice in words, for the list of orders."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        days = day(since) if since == until else _("{since} to {until}").format(since=day(since), until=day(until))
        area = f", {self.cleaned_data['area']}" if self.cleaned_data["area"] else ""
        is_owed = self.cleaned_data["which"] == OWED
        told = _("Bills of {days}{area}, left to pay") if is_owed else _("Bills of {days}{area}")
        return told.format(days=days, area=area)

    def sent_on(self) -> dict[str, str]:
        """The choice as the form that orders sends it."""
        area = self.cleaned_data["area"]
        days = {name: self.cleaned_data[name].isoformat() for name in ("since", "until")}
        key = str(uuid4())
        return {**days, "area": area.pk if area else "", "which": self.cleaned_data["which"], "request_key": key}

    def bills(self, request: HttpRequest) -> QuerySet[Bill]:
        """The bills chosen, of those that this member of staff may see."""
        chosen = self.cleaned_data
        found = admin.site.get_model_admin(Bill).get_queryset(request)
        found = found.filter(issued_on__range=(chosen["since"], chosen["until"]))
        if chosen["area"]:
            found = found.filter(customer__area=chosen["area"])
        wanted = [Bill.Status.OPEN] if chosen["which"] == OWED else [Bill.Status.OPEN, Bill.Status.PAID]
        return found.filter(status__in=wanted)


class OrderForm(PrintForm):
    """``request_key`` is made with the page: however often it is sent, it orders once."""

    request_key = forms.UUIDField()


def may_see(request: HttpRequest) -> bool:
    """Whether this user may see the bills that the page prints."""
    return bool(request.user.has_perm("billing.view_bill"))


def address() -> str:
    return reverse("print_bills")


def print_bills(request: HttpRequest) -> HttpResponse:
    """The page, what a form of it orders, or only the list of orders when the address says ``orders``."""
    if not may_see(request):
        raise PermissionDenied
    if "orders" in request.GET:
        return render(request, "billing/print_orders.html", _orders(request))
    if request.method == "POST":
        return _order(request)
    return _page(request, PrintForm({**_first_choice(), **request.GET.dict()}))


def _first_choice() -> dict[str, Any]:
    """The last day on which bills were issued."""
    last = Bill.objects.order_by("-issued_on", "-pk").values_list("issued_on", flat=True).first()
    last = last or clock.local_date(timezone.now())
    return {"since": last, "until": last, "which": ALL}


def _page(request: HttpRequest, form: PrintForm) -> HttpResponse:
    found = _found(form.bills(request)) if form.is_valid() else 0
    context = {
        **admin.site.each_context(request),
        **_orders(request),
        "title": _("Print bills"),
        "form": form,
        "media": form.media,
        "facts": _facts(form, found) if form.is_valid() else [],
        "values": form.sent_on() if found else {},
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "billing/print_bills.html", context)


def _found(bills: QuerySet[Bill]) -> int:
    most = print_orders.MOST_BILLS * print_orders.MOST_FILES
    return bills.order_by().values("pk")[: most + 1].count()


def _facts(form: PrintForm, found: int) -> list[tuple[str, str]]:
    facts = [(_("Chosen"), form.what), (_("Bills"), f"{found:,}")]
    if found:
        files = -(-found // print_orders.MOST_BILLS)
        facts.append(
            (
                _("To be made"),
                _("{counted}, in about {counted_2}").format(
                    counted=counted(files, "PDF file"), counted_2=counted(_minutes(found), "minute")
                ),
            )
        )
    return facts


def _minutes(bills: int) -> int:
    return 1 + bills // A_MINUTE


def _order(request: HttpRequest) -> HttpResponse:
    form, now = OrderForm(request.POST), timezone.now()
    made = attempt(
        form,
        lambda: print_orders.order(
            bills=form.bills(request),
            what=_kept(form),
            by=request.user,
            now=now,
            request_key=form.cleaned_data["request_key"],
        ),
    )
    if made is None:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    else:
        with of_the_books():
            audit.note_of("billing.bill", "", form.what, _("Ordered to be printed."))
        _start(request, now)
    return redirect(address())


def _kept(form: PrintForm) -> str:
    """The choice in words, as the order keeps it."""
    with of_the_books():
        return form.what


def _start(request: HttpRequest, now: datetime) -> None:
    requests.ask_run(JOB, timetable=TIMETABLE, by=request.user, now=now)
    if status.current(TIMETABLE, now).leader is None:
        messages.warning(request, _("It is ordered. No scheduler leads at the moment: it is made when one does."))
    else:
        messages.success(request, _("It is ordered, and made from now on. You may leave this page meanwhile."))


def _orders(request: HttpRequest) -> dict[str, Any]:
    """The latest orders of this member of staff."""
    orders = list(_of(request).defer("bill_ids")[:SHOWN])
    return {"orders": orders, "is_waiting": any(order.status == PrintOrder.Status.WAITING for order in orders)}


def _of(request: HttpRequest) -> QuerySet[PrintOrder]:
    return PrintOrder.objects.filter(ordered_by=request.user.pk)


def print_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The finished file of an order of one's own."""
    if not may_see(request):
        raise PermissionDenied
    order = get_object_or_404(_of(request).defer("bill_ids"), pk=pk, status=PrintOrder.Status.DONE)
    name = f"bills-{clock.local_date(order.ordered_at)}-{order.pk}.pdf"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return StreamingHttpResponse(print_orders.parts_of(order), content_type="application/pdf", headers=headers)


@require_POST
def cancel_print(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an order of one's own."""
    if not may_see(request):
        raise PermissionDenied
    order = get_object_or_404(_of(request), pk=pk)
    try:
        print_orders.cancel(order, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("“{order}” is cancelled.").format(order=order))
    return redirect(address())
