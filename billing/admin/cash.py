"""The cash shifts: a list, the page of one, and “My shift”, where one is opened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.action_pages import action_of, action_page
from billing.admin.base import ReadOnlyAdmin, asked_once, attempt
from billing.admin.cash_actions import CloseShift, CountField, Deposit, PayIn, PayOut, SignShift
from billing.admin.customer_panels import PAYMENT_COLUMNS, payment_rows
from billing.admin.formatting import NONE, amount_cell, instant, label, link, money
from billing.admin.panels import Column, Panel, columns
from billing.admin.printing import print_button
from billing.documents import shifts
from billing.models import CashMovement, CashShift, Payment, Reversal
from billing.services import areas, audit, cash
from billing.services.wording import of_the_books
from billing.words import gettext_lazy

RUN = "billing.run_cashshift"
SHOWN = 100
BACK = gettext_lazy("Taken back or paid out")
METHODS = columns("Method", "Payments", "Taken", BACK, "Left", amounts=("Taken", BACK, "Left"))
MOVEMENTS = columns("At", "Kind", "What for", "Amount", amounts=("Amount",))
REVERSALS = columns("At", "Kind", "Receipt", "Reason", "Amount", amounts=("Amount",))


class OpenForm(forms.Form):
    opening_float = CountField(
        label=gettext_lazy("Cash in the drawer"), help_text=gettext_lazy("The float that you begin with, 0 for none.")
    )


class ShiftStateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", _("open")), ("closed", _("closed, not handed over")), ("signed", _("handed over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CashShift]) -> QuerySet[CashShift]:
        states: dict[str | None, dict[str, bool]] = {
            "open": {"closed_at__isnull": True},
            "closed": {"closed_at__isnull": False, "handed_over_at__isnull": True},
            "signed": {"handed_over_at__isnull": False},
        }
        return queryset.filter(**states.get(self.value(), {}))


@admin.register(CashShift)
class CashShiftAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "staff", "state", "closed_at", "counted_amount", "difference_amount", "handed_over_to")
    list_select_related = ("staff", "handed_over_to")
    list_filter = (ShiftStateFilter,)
    search_fields = ("staff__username",)
    search_help_text = gettext_lazy("The name that somebody signs in with")
    fields = (
        ("staff", "state"),
        ("opened_at", "float_text"),
        ("drawer_text", "counted_text"),
        ("difference_text", "difference_reason"),
        "pieces_text",
        ("closed_at", "closed_by"),
        ("handed_over_at", "handed_over_to"),
    )
    readonly_fields = ("state", "float_text", "drawer_text", "counted_text", "difference_text", "pieces_text")
    pay_in = action_of(PayIn)
    pay_out = action_of(PayOut)
    deposit = action_of(Deposit)
    close = action_of(CloseShift)
    sign = action_of(SignShift)
    print_document = print_button(shifts.report, sizes=shifts.SIZES)
    actions_detail = ("close", "sign", "deposit", "pay_in", "pay_out", "print_document")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CashShift]:
        shifts = super().get_queryset(request)
        sees_all = request.user.has_perm("billing.view_every_cashshift")
        return shifts if sees_all else shifts.filter(staff=request.user.pk)

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not request.user.has_perm("billing.view_every_cashshift"):
            raise PermissionDenied
        return super().missing(request, object_id)

    def panels(self, request: HttpRequest, row: CashShift) -> list[Panel]:
        methods = [
            (
                Payment.Method(part.method).label,
                f"{part.payments:,}",
                amount_cell(part.taken),
                amount_cell(part.back),
                amount_cell(part.taken - part.back),
            )
            for part in cash.by_method(row)
        ]
        moved = [
            (instant(one.moved_at), one.get_kind_display(), one.reason, amount_cell(_signed(one)))
            for one in row.movements.all()
        ]
        found = [
            Panel(_("By method"), METHODS, methods, empty=_("No payment yet.")),
            Panel(_("Cash in and out"), MOVEMENTS, moved),
        ]
        user: Any = request.user
        return [*found, *_documents(row, user)] if user.has_perm("billing.view_payment") else found

    @display(description=gettext_lazy("state"))
    def state(self, shift: CashShift) -> SafeString:
        if shift.closed_at is None:
            return label(_("open"), "info")
        return label(_("handed over"), "success") if shift.handed_over_at else label(_("closed"), "warning")

    @display(description=gettext_lazy("counted"))
    def counted_amount(self, shift: CashShift) -> str:
        return NONE if shift.counted is None else amount_cell(shift.counted)

    @display(description=gettext_lazy("difference"))
    def difference_amount(self, shift: CashShift) -> str:
        return NONE if shift.counted is None else amount_cell(_difference(shift))

    @display(description=gettext_lazy("float"))
    def float_text(self, shift: CashShift) -> str:
        return money(shift.opening_float)

    @display(description=gettext_lazy("cash that should be there"))
    @asked_once
    def drawer_text(self, shift: CashShift) -> str:
        return money(cash.drawer(shift))

    @display(description=gettext_lazy("counted"))
    def counted_text(self, shift: CashShift) -> str:
        return NONE if shift.counted is None else money(shift.counted)

    @display(description=gettext_lazy("notes and coins"))
    def pieces_text(self, shift: CashShift) -> str:
        return ", ".join(f"{count} × {value}" for value, count in shift.pieces.items()) or NONE

    @display(description=gettext_lazy("difference"))
    def difference_text(self, shift: CashShift) -> str:
        return NONE if shift.counted is None else money(_difference(shift))


def _difference(shift: CashShift) -> Decimal:
    return (shift.counted or Decimal(0)) - (shift.expected or Decimal(0))


def _signed(movement: CashMovement) -> Decimal:
    return movement.amount if movement.kind == CashMovement.Kind.PAY_IN else -movement.amount


def _documents(shift: CashShift, user: Any) -> list[Panel]:
    payments = areas.seen(user, shift.payments.all()).select_related("customer").order_by("-id")[:SHOWN]
    rows = [(link(payment.customer), *cells) for payment, cells in zip(payments, payment_rows(payments), strict=True)]
    more = formatting.list_of(Payment, f"?shift__id__exact={shift.pk}")
    found = Reversal.objects.filter(shift=shift) | Reversal.objects.filter(payment__shift=shift)
    back = [
        (
            instant(one.reversed_at) + ("" if one.shift_id == shift.pk else _(", after the close")),
            one.get_kind_display(),
            link(one.payment or one.credit_note),
            one.reason,
            amount_cell(one.amount),
        )
        for one in areas.seen(user, found).select_related("payment", "credit_note").order_by("-id")[:SHOWN]
    ]
    return [
        Panel(_("Payments"), (Column(_("Customer")), *PAYMENT_COLUMNS), rows, more=more),
        Panel(BACK, REVERSALS, back),
    ]


def address() -> str:
    return reverse("my_shift")


def may_see(request: HttpRequest) -> bool:
    return bool(request.user.has_perms([RUN, "billing.view_cashshift"]))


def my_shift(request: HttpRequest) -> HttpResponse:
    """The open shift of who asks; without one the form that opens it."""
    if not may_see(request):
        raise PermissionDenied
    if shift := cash.open_of(request.user):
        return redirect(formatting.page_of(shift))
    form = OpenForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        opened = attempt(form, lambda: cash.start(staff=request.user, now=timezone.now(), **form.cleaned_data))
        if opened:
            with of_the_books():
                audit.note(opened, _("Open the shift: {told}").format(told=_told_open(opened)))
            messages.success(request, _told_open(opened))
            return redirect(formatting.page_of(opened))
    shifts: Any = admin.site.get_model_admin(CashShift)
    return action_page(
        shifts,
        request,
        title=_("Open your shift"),
        form=form,
        button=_("Open the shift"),
        facts=[
            (_("Then"), _("The payments that you take are counted to it, until you close it with the cash counted."))
        ],
        cancel=reverse("admin:index"),
    )


def _told_open(shift: CashShift) -> str:
    return _("Your shift is open, with {opening_float} in the drawer.").format(opening_float=money(shift.opening_float))
