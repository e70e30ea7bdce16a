"""Promises to pay and exclusions from cuts: given on a customer's page, taken back on their own (rule E11)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldBooleanSwitchWidget

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import DayField, OnceForm, TextField
from billing.admin.formatting import day, instant, link, money
from billing.models import Bill, Customer, Exclusion, Promise
from billing.services import deferral_states, deferrals, summary


class PromiseForm(OnceForm):
    until = DayField(label="Promised for", help_text="Last day with access, although the bill is unpaid.")
    why = TextField(label="Reason", help_text="Needed, for your colleagues: what was said.")


class ExclusionForm(forms.Form):
    until = DayField(label="Until", required=False, help_text="Last day of it. Empty: never cut.")
    notices = forms.BooleanField(
        label="Reminders go on", required=False, widget=UnfoldBooleanSwitchWidget, help_text="Off: no reminders either."
    )
    why = TextField(label="Reason", help_text="Needed, for your colleagues.")


class OfCustomer(Deed):
    """What a promise and an exclusion have in common: one form, and it is done."""

    row_is = "customer"
    has_preview = False

    @property
    def customer_id(self) -> int:
        return int(self.row.pk)

    def facts(self) -> Facts:
        running = [
            (type(one).__name__, f"{day(one.until) if one.until else 'never cut'}: {one.why}")
            for one in deferral_states.running(self.row.pk, now=self.now)
        ]
        return [("Customer", link(self.row)), ("Owes", money(summary.debt(self.row))), *running]


class PromiseToPay(OfCustomer):
    title = "Promise to pay of {}"
    button = "Promise to pay"
    name = "promise_to_pay"
    icon = "handshake"
    permission = "billing.give_promise"
    form_class = PromiseForm
    service = deferrals.promise

    @classmethod
    def refusal(cls, row: Customer) -> str:
        owes = Bill.objects.filter(customer=row, status=Bill.Status.OPEN).exists()
        return "" if owes else "Nothing is owed: there is no debt to promise."

    def initial(self) -> dict[str, Any]:
        return {"until": deferral_states.usual_day(self.now)}

    def facts(self) -> Facts:
        had = f"{deferral_states.given_within_a_year(self.row.pk, now=self.now)} of {settings.PROMISES_PER_YEAR}"
        return [*super().facts(), ("Promises within a year", had)]

    def outcome(self, done: Promise) -> str:
        return f"The promise of {self.row} to pay by {day(done.until)} is noted."


class ExcludeFromCuts(OfCustomer):
    title = "Exclude {} from cuts"
    button = "Exclude from cuts"
    name = "exclude_from_cuts"
    icon = "shield"
    permission = "billing.exclude_customer"
    form_class = ExclusionForm
    service = deferrals.exclude

    def outcome(self, done: Exclusion) -> str:
        until = f"until {day(done.until)} is over" if done.until else "whatever is unpaid, until it is taken back"
        return f"{self.row} is not cut {until}."


class TakeBack(Deed):
    """Ends a promise or an exclusion now."""

    button = "Take back"
    name = "take_back"
    icon = "undo"
    service = deferrals.take_back
    row_is = "deferral"

    @classmethod
    def refusal(cls, row: Promise | Exclusion) -> str:
        return f"It was taken back on {instant(row.ended_at)}." if row.ended_at else ""

    def facts(self) -> Facts:
        until = day(self.row.until) if self.row.until else "never cut"
        return [("Customer", link(self.row.customer)), ("Until", until), ("Reason", self.row.why)]

    def outcome(self, done: None) -> str:
        return f"The {self.row._meta.verbose_name} of {self.row.customer} is taken back."


class TakeBackPromise(TakeBack):
    title = "Take back the {}"
    permission = "billing.give_promise"


class TakeBackExclusion(TakeBack):
    title = "Take back: {}"
    permission = "billing.exclude_customer"
