"""Why a subscription has access or not, now or at another instant, and what comes next (rule E12)."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin import subscription_panels
from billing.admin.base import attempt
from billing.admin.customer_panels import BILL_COLUMNS, bill_rows
from billing.admin.formatting import instant, label
from billing.admin.panels import Panel, columns
from billing.models import Subscription
from billing.services import access, clock
from billing.services.explanations import Explanation
from billing.words import gettext_lazy

YEARS = 10
FORMAT = "%Y-%m-%dT%H:%M"
STEP_COLUMNS = columns("When", "", "What")


class InstantForm(forms.Form):
    at = forms.DateTimeField(
        label=gettext_lazy("At another time"),
        input_formats=[FORMAT],
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
        error_messages={"invalid": gettext_lazy("Write it like 2026-03-31T18:00.")},
    )

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if abs(at.year - timezone.now().year) > YEARS:
            raise ValidationError(_("Choose a time within {years} years.").format(years=YEARS))
        return at


def panels(request: HttpRequest, subscription: Subscription) -> list[Panel]:
    """The explanation for now, or for the instant that the address names in ``at``, and all else of the page."""
    now = timezone.now()
    form = InstantForm(request.GET if "at" in request.GET else {"at": now.astimezone(clock.zone()).strftime(FORMAT)})
    asked = "at" in request.GET
    found = attempt(form, lambda: access.explain(subscription, form.cleaned_data["at"] if asked else now, now=now))
    if found is None:
        refused = [str(error) for error in form.non_field_errors()]
        unclear = Panel(_("Access explained"), STEP_COLUMNS, empty="", sentences=refused, form=form)
        return [unclear, *subscription_panels.panels(request, subscription)]
    bills = found.bills if request.user.has_perm("billing.view_bill") else ()
    unpaid = [Panel(_("Unpaid bills"), BILL_COLUMNS, bill_rows(bills))] if bills else []
    shown = [bill.pk for bill in bills]
    return [_explained(found, form), *unpaid, *subscription_panels.panels(request, subscription, shown)]


def _explained(found: Explanation, form: forms.Form) -> Panel:
    state = _("has access") if found.has_access else _("has no access")
    rows = [(instant(step.at), _mark(found, step.at), step.what) for step in found.steps]
    title = _("Access explained: {subscription} {state} on {at}").format(
        subscription=found.subscription, state=state, at=instant(found.at)
    )
    return Panel(title, STEP_COLUMNS, rows, empty="", sentences=found.sentences, form=form)


def _mark(found: Explanation, at: datetime) -> str:
    if at <= found.at:
        return _("was")
    return label(_("next"), "info") if found.next and at == found.next.at else _("then")
