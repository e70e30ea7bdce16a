"""The form “Receive payment” at the desk, for a customer or for one open bill."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin import explain, formatting
from billing.admin.action_pages import action_page
from billing.admin.base import BillingAdmin, attempt
from billing.models import Bill, Customer, Payment
from billing.rules import money
from billing.rules.errors import Refused
from billing.services import payments, summary

OUTDATED = "This form cannot be used any more. Open “Receive payment” anew."


class ReceivePaymentForm(forms.Form):
    """``request_key`` is made with the form: however often it is sent, it makes one payment (rule M9)."""

    amount = forms.CharField(
        max_length=40,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
    )
    method = forms.ChoiceField(
        choices=Payment.Method.choices, initial=Payment.Method.CASH, widget=UnfoldAdminSelectWidget
    )
    bill = forms.ModelChoiceField(
        queryset=Bill.objects.none(),
        required=False,
        empty_label="The oldest open bill first",
        widget=UnfoldAdminSelectWidget,
        help_text="What this bill does not take pays the other open bills; the rest stays as credit.",
        error_messages={"invalid_choice": "This is not a bill of this customer. Choose another, or none."},
    )
    note = forms.CharField(
        max_length=Payment._meta.get_field("note").max_length, required=False, widget=UnfoldAdminTextInputWidget
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": OUTDATED, "invalid": OUTDATED})

    def __init__(self, customer: Customer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer = customer
        self.fields["amount"].help_text = f"In {settings.CURRENCY}, such as {money.example(settings.CURRENCY)}."
        # Valid are all bills, so that a repeated request is answered after it paid its bill; offered are the open ones.
        bill = cast("forms.ModelChoiceField", self.fields["bill"])
        bill.queryset = Bill.objects.filter(customer=customer)
        bill.widget.choices = [
            ("", bill.empty_label),
            *((bill.pk, _offer(bill)) for bill in summary.open_bills(customer)),
        ]

    def clean_amount(self) -> Decimal:
        try:
            amount = money.parse_amount(self.cleaned_data["amount"], settings.CURRENCY)
            return money.checked_amount(amount, settings.CURRENCY)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused

    def receive(self, *, now: datetime, by: Any) -> Payment:
        return payments.receive(customer=self.customer, now=now, by=by, **self.cleaned_data)


def _offer(bill: Bill) -> str:
    left = formatting.money(bill.outstanding, bill.currency)
    return f"{bill} – due {formatting.day(bill.due_on)} – {left} left"


def receive_payment(
    admin: BillingAdmin, request: HttpRequest, customer: Customer, bill: Bill | None = None
) -> HttpResponse:
    """Show the form or take the payment; ``bill`` is chosen beforehand."""
    owed, now = summary.debt(customer), timezone.now()
    if request.method == "POST":
        form = ReceivePaymentForm(customer, request.POST)
        payment = attempt(form, lambda: form.receive(now=now, by=request.user))
        if payment:
            messages.success(request, explain.what_it_did(payment, now))
            return redirect(_page_after(request, customer, payment))
    else:
        form = ReceivePaymentForm(customer, initial=_first_values(bill, bill.outstanding if bill else owed))
    return action_page(
        admin,
        request,
        row=bill or customer,
        title=f"Receive payment from {customer}",
        form=form,
        button="Receive payment",
        facts=[("Customer", formatting.link(customer)), ("Owes", formatting.money(owed))],
    )


def _first_values(bill: Bill | None, amount: Decimal) -> dict[str, Any]:
    return {
        "amount": money.rounded(amount, settings.CURRENCY) if amount else "",
        "bill": bill,
        "request_key": uuid4(),
    }


def _page_after(request: HttpRequest, customer: Customer, payment: Payment) -> str:
    return formatting.page_of(payment if request.user.has_perm("billing.view_payment") else customer)
