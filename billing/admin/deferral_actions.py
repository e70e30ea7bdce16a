"""Promises to pay and exclusions from cuts: given on a customer's page, taken back on their own (rule E11)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldBooleanSwitchWidget

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import DayField, OnceForm, TextField
from billing.admin.formatting import day, instant, link, money
from billing.models import Bill, Customer, Exclusion, Promise
from billing.services import deferral_states, deferrals, summary
from billing.words import gettext_lazy


class PromiseForm(OnceForm):
    until = DayField(
        label=gettext_lazy("Promised for"), help_text=gettext_lazy("Last day with access, although the bill is unpaid.")
    )
    why = TextField(label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for your colleagues: what was said."))


class ExclusionForm(forms.Form):
    until = DayField(
        label=gettext_lazy("Until"), required=False, help_text=gettext_lazy("Last day of it. Empty: never cut.")
    )
    notices = forms.BooleanField(
        label=gettext_lazy("Reminders go on"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Off: no reminders either."),
    )
    why = TextField(label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for your colleagues."))


class OfCustomer(Deed):
    """What a promise and an exclusion have in common: one form, and it is done."""

    row_is = "customer"
    has_preview = False

    @property
    def customer_id(self) -> int:
        return int(self.row.pk)

    def facts(self) -> Facts:
        running = [
            (capfirst(str(one._meta.verbose_name)), f"{day(one.until) if one.until else _('never cut')}: {one.why}")
            for one in deferral_states.running(self.row.pk, now=self.now)
        ]
        return [(_("Customer"), link(self.row)), (_("Owes"), money(summary.debt(self.row))), *running]


class PromiseToPay(OfCustomer):
    title = gettext_lazy("Promise to pay of {}")
    button = gettext_lazy("Promise to pay")
    name = "promise_to_pay"
    icon = "handshake"
    permission = "billing.give_promise"
    form_class = PromiseForm
    service = deferrals.promise

    @classmethod
    def refusal(cls, row: Customer) -> str:
        owes = Bill.objects.filter(customer=row, status=Bill.Status.OPEN).exists()
        return "" if owes else _("Nothing is owed: there is no debt to promise.")

    def initial(self) -> dict[str, Any]:
        return {"until": deferral_states.usual_day(self.now)}

    def facts(self) -> Facts:
        had = _("{given_within_a_year} of {promises_per_year}").format(
            given_within_a_year=deferral_states.given_within_a_year(self.row.pk, now=self.now),
            promises_per_year=settings.PROMISES_PER_YEAR,
        )
        return [*super().facts(), (_("Promises within a year"), had)]

    def outcome(self, done: Promise) -> str:
        return _("The promise of {row} to pay by {until} is noted.").format(row=self.row, until=day(done.until))


class ExcludeFromCuts(OfCustomer):
    title = gettext_lazy("Exclude {} from cuts")
    button = gettext_lazy("Exclude from cuts")
    name = "exclude_from_cuts"
    icon = "shield"
    permission = "billing.exclude_customer"
    form_class = ExclusionForm
    service = deferrals.exclude

    def outcome(self, done: Exclusion) -> str:
        until = (
            _("until {until} is over").format(until=day(done.until))
            if done.until
            else _("whatever is unpaid, until it is taken back")
        )
        return _("{row} is not cut {until}.").format(row=self.row, until=until)


class TakeBack(Deed):
    """Ends a promise or an exclusion now."""

    button = gettext_lazy("Take back")
    name = "take_back"
    icon = "undo"
    service = deferrals.take_back
    row_is = "deferral"

    @classmethod
    def refusal(cls, row: Promise | Exclusion) -> str:
        return _("It was taken back on {ended_at}.").format(ended_at=instant(row.ended_at)) if row.ended_at else ""

    def facts(self) -> Facts:
        until = day(self.row.until) if self.row.until else _("never cut")
        return [(_("Customer"), link(self.row.customer)), (_("Until"), until), (_("Reason"), self.row.why)]

    def outcome(self, done: None) -> str:
        return _("The {verbose_name} of {customer} is taken back.").format(
            verbose_name=self.row._meta.verbose_name, customer=self.row.customer
        )


class TakeBackPromise(TakeBack):
    title = gettext_lazy("Take back the {}")
    permission = "billing.give_promise"


class TakeBackExclusion(TakeBack):
    title = gettext_lazy("Take back: {}")
    permission = "billing.exclude_customer"
