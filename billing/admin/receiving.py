"""“Receive payment” at the desk, for a customer or for one open bill: what it pays is shown before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin import explain, formatting
from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import AmountField, MethodField, OnceForm, TextField
from billing.admin.printing import print_links
from billing.documents import receipts
from billing.models import Bill, Customer, Payment
from billing.rules import money
from billing.services import cash, payments, summary
from billing.words import gettext_lazy

PRINT = '<a class="font-semibold underline" href="{}">{}</a>'
FIRST_PRINT = '<a class="font-semibold underline" href="{}" autofocus>{}</a>'
OUTDATED = gettext_lazy("This form cannot be used any more. Open “Receive payment” anew.")


class ReceivePaymentForm(OnceForm):
    """``request_key`` is made with the form: however often it is sent, it makes one payment (rule M9)."""

    amount = AmountField(
        label=gettext_lazy("Amount"),
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
    )
    method = MethodField(label=gettext_lazy("Method"))
    bill = forms.ModelChoiceField(
        label=gettext_lazy("Bill"),
        queryset=Bill.objects.none(),
        required=False,
        empty_label=gettext_lazy("The oldest open bill first"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("What this bill does not take pays the other open bills; the rest stays as credit."),
        error_messages={
            "invalid_choice": gettext_lazy("This is not a bill of this customer. Choose another, or none.")
        },
    )
    note = TextField(label=gettext_lazy("Note"))

    def __init__(self, customer: Customer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_key"].error_messages |= {"required": OUTDATED, "invalid": OUTDATED}
        self.fields["amount"].help_text = _("In {currency}, such as {currency_2}.").format(
            currency=settings.CURRENCY, currency_2=money.example(settings.CURRENCY)
        )
        # Valid are all bills, so that a repeated request is answered after it paid its bill; offered are the open ones.
        bill = cast("forms.ModelChoiceField", self.fields["bill"])
        bill.queryset = Bill.objects.filter(customer=customer)
        bill.widget.choices = [
            ("", bill.empty_label),
            *((bill.pk, _offer(bill)) for bill in summary.open_bills(customer)),
        ]


def _offer(bill: Bill) -> str:
    left = formatting.money(bill.outstanding, bill.currency)
    return _("{bill} – due {due_on} – {left} left").format(bill=bill, due_on=formatting.day(bill.due_on), left=left)


class ReceivePayment(Deed):
    """On a customer's page."""

    title = gettext_lazy("Receive payment from {}")
    button = gettext_lazy("Receive payment")
    name = "receive_payment"
    icon = "payments"
    permission = "billing.add_payment"
    is_primary = True
    enter_confirms = True
    service = payments.receive_once
    row_is = "payment"

    @property
    def customer(self) -> Customer:
        return cast("Customer", self.row)

    @property
    def customer_id(self) -> int:
        return int(self.customer.pk)

    def form(self, data: Any = None, initial: Any = None) -> forms.Form:
        return ReceivePaymentForm(self.customer, data, initial=initial)

    def initial(self) -> dict[str, Any]:
        return {"amount": _as_typed(summary.debt(self.customer))}

    def facts(self) -> Facts:
        return [
            (_("Customer"), formatting.link(self.customer)),
            (_("Owes"), formatting.money(summary.debt(self.customer))),
        ]

    def arguments(self, data: dict[str, Any]) -> dict[str, Any]:
        how = {**data, "now": self.now, "by": self.request.user}
        bill = how.pop("bill")
        return {"payment": payments.new(self.customer, **how), "bill": bill, "now": self.now, "by": self.request.user}

    def act(self, data: dict[str, Any]) -> Payment:
        self.before = self._account()
        payment = payments.receive(customer=self.customer, now=self.now, by=self.request.user, **data)
        self.after = {**self._account(), "receipt": str(payment)}
        return payment

    def _account(self) -> dict[str, Any]:
        return {"owes": summary.debt(self.customer), "credit": summary.credit(self.customer)}

    def told(self, done: Payment) -> str:
        return explain.what_it_did(done, self.now)

    def message(self, done: Payment) -> SafeString:
        if done.method == Payment.Method.CASH and (held := cash.above_limit(self.request.user)):
            asked = _("Your drawer holds {}: take a deposit to the bank or safe, and note it under “My shift”.")
            messages.warning(self.request, asked.format(formatting.money(held)))
        text = self.told(done)
        if not self.request.user.has_perm("billing.view_payment"):
            return format_html("{}", text)
        (size, address), *others = print_links(done, receipts.SIZES)
        links = [format_html(FIRST_PRINT, address, size), *(format_html(PRINT, other, name) for name, other in others)]
        return format_html(
            _("{} Print the receipt: {}"), text, format_html_join(" · ", "{}", ((one,) for one in links))
        )

    def page_after(self, done: Payment) -> Payment:
        return done

    def _seen(self, done: Payment, before: Any) -> tuple[Facts, Sequence[str]]:
        if done.received_at != self.now:
            return [], [_("Nothing: receipt {done} is this payment. It was received already.").format(done=done)]
        facts, found = super()._seen(done, before)
        off = [pk for pk, state in before.access.items() if not state.is_on]
        return facts, [*found, *explain.who_stays_off(off, self.now)]


class ReceivePaymentOfBill(ReceivePayment):
    """On a bill's page: this bill is chosen beforehand."""

    title = gettext_lazy("Receive payment of bill {}")

    @classmethod
    def refusal(cls, row: Bill) -> str:
        if row.status == Bill.Status.OPEN:
            return ""
        return _("Bill {row} is {status}: there is nothing to pay.").format(row=row, status=row.get_status_display())

    @property
    def customer(self) -> Customer:
        return cast("Customer", self.row.customer)

    def initial(self) -> dict[str, Any]:
        return {"amount": _as_typed(self.row.outstanding), "bill": self.row}


def _as_typed(amount: Any) -> Any:
    return money.rounded(amount, settings.CURRENCY) if amount else ""
