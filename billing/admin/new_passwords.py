"""Passwords for all subscriptions that were chosen in the list and have none: made, and downloaded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from billing.admin.action_pages import CONFIRMED, action_page
from billing.admin.base import BillingAdmin, attempt
from billing.admin.network_actions import NewPassword
from billing.models import Subscription
from billing.services import audit, clock, spreadsheets
from billing.services.network import new_passwords
from billing.services.network.new_passwords import MOST, Chosen
from billing.services.wording import of_the_books
from billing.words import gettext_lazy

MOST_SHOWN = 10


class ChosenForm(forms.Form):
    """What was chosen in the list, to be sent once more."""

    action = forms.CharField(widget=forms.HiddenInput)
    select_across = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        super().__init__(data, initial={**request.POST.dict(), ACTION_CHECKBOX_NAME: chosen})
        self.fields[ACTION_CHECKBOX_NAME] = forms.MultipleChoiceField(
            choices=[(key, key) for key in chosen], widget=forms.MultipleHiddenInput
        )


@admin.action(description=gettext_lazy("Generate network passwords"), permissions=["set_credentials"])
def generate_passwords(
    model_admin: BillingAdmin, request: HttpRequest, queryset: QuerySet[Subscription]
) -> HttpResponse | None:
    """Say for how many, and then give logins and passwords as a file."""
    rows = list(queryset.order_by("pk")[: MOST + 1])
    found = new_passwords.sorted_out(rows)
    if len(rows) > MOST or not found.without:
        too_many = _("Choose at most {most} subscriptions at once.").format(most=f"{MOST:,}")
        messages.warning(
            request, too_many if len(rows) > MOST else f"{_('There is no password to make.')} {_rest(found)}"
        )
        return None
    form = ChosenForm(request, request.POST if CONFIRMED in request.POST else None)
    made = attempt(form, lambda: new_passwords.generate(rows)) if form.is_bound else None
    if made is not None:
        return _file(request, found, made)
    return action_page(
        model_admin,
        request,
        title=_("Generate network passwords"),
        form=form,
        button=_("Generate and download"),
        facts=[(_("Get a password"), f"{len(found.without):,}"), (_("Others"), _rest(found))],
        sentences=[
            _("Their logins and passwords come as a file, once: keep it until the modems have them, then delete it."),
            _("The audit notes for each of them that you saw its password."),
        ],
        is_preview=True,
        cancel=request.get_full_path(),
    )


generate_passwords.notes_itself = True  # type: ignore[attr-defined]


def _rest(found: Chosen) -> str:
    """What becomes of those that get none."""
    told = [_("Have one already and keep it: {count}.").format(count=f"{len(found.having):,}")]
    if found.unusable:
        names = ", ".join(one.login for one in found.unusable[:MOST_SHOWN])
        more = len(found.unusable) - MOST_SHOWN
        told.append(
            _("Routers do not take these logins: {names}.").format(names=f"{names} (+{more})" if more > 0 else names)
        )
    return " ".join(told)


def _file(request: HttpRequest, found: Chosen, made: Sequence[tuple[Subscription, str]]) -> HttpResponse:
    with of_the_books():
        for subscription, _password in made:
            audit.note(subscription, NewPassword.said)
    told = _("Passwords made and downloaded: {count}.").format(count=f"{len(made):,}")
    messages.success(request, f"{told} {_rest(found)}")
    lines = [(subscription.login.lower(), password) for subscription, password in made]
    text = "".join(spreadsheets.csv_text([_("Login"), _("Password")], lines))
    name = f"network-passwords-{clock.local_date(timezone.now())}.csv"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
