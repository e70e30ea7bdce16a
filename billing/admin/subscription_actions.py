"""The actions on subscriptions: disable, restore, issue a bill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin.action_pages import action_page
from billing.admin.base import BillingAdmin, attempt
from billing.admin.customer_actions import told_bill
from billing.admin.fields import RadioField, TextField, typed
from billing.admin.formatting import day, money, page_of
from billing.admin.subscription_facts import facts_of
from billing.models import AccessState, Block, Subscription
from billing.rules.errors import Refused
from billing.services import access, audit, bills, clock
from billing.services.drafts import BillDraft
from billing.services.explanations import why_off
from billing.services.wording import of_the_books
from billing.words import gettext_lazy

MOST_SHOWN = 10


def staff_reasons() -> list[tuple[str, str]]:
    """The reasons that staff may give, in the language of the reader."""
    return [(reason.value, reason.label) for reason in access.STAFF_REASONS]


class DisableForm(forms.Form):
    reason = RadioField(label=gettext_lazy("Reason"), choices=staff_reasons, initial=Block.Reason.MANUAL)
    note = TextField(label=gettext_lazy("Note"), help_text=gettext_lazy("For your colleagues: why, and until when."))


class RestoreForm(forms.Form):
    """Valid is every reason that staff can take back; offered are those that are open."""

    reason = RadioField(label=gettext_lazy("Reason"), choices=staff_reasons)

    def __init__(self, offered: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.choices = [choice for choice in staff_reasons() if choice[0] in offered]


class IssueBillForm(forms.Form):
    """The period that was shown; sent twice, it gives the same bill (rule B1)."""

    start = forms.DateField(widget=forms.HiddenInput)


def disable(admin: BillingAdmin, request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """Ask for the reason and disable."""
    now = timezone.now()
    form = DisableForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        done = attempt(
            form, lambda: access.disable(subscription=subscription, now=now, by=request.user, **form.cleaned_data)
        )
        if done is not None:
            reason = Block.Reason(form.cleaned_data["reason"]).label
            with of_the_books():
                audit.note(subscription, _("Disable"), after={"entered": dict(typed(form)), "was new": done})
            if done:
                messages.success(
                    request, _("{subscription} is disabled: {reason}.").format(subscription=subscription, reason=reason)
                )
            else:
                messages.warning(
                    request,
                    _("{subscription} was disabled for this reason already: {reason}.").format(
                        subscription=subscription, reason=reason
                    ),
                )
            return redirect(page_of(subscription))
    title = _("Disable {subscription}").format(subscription=subscription)
    facts = facts_of(subscription)
    return action_page(admin, request, row=subscription, title=title, form=form, button=_("Disable"), facts=facts)


def restore(admin: BillingAdmin, request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """Ask which reason to take back; tell what else keeps the subscription off."""
    now = timezone.now()
    open_reasons = access.open_reasons([subscription.pk]).get(subscription.pk, [])
    offered = [str(value) for value in access.STAFF_REASONS if value in open_reasons]
    if request.method == "POST":
        form = RestoreForm(offered, request.POST)
        done = attempt(
            form, lambda: access.restore(subscription=subscription, now=now, by=request.user, **form.cleaned_data)
        )
        if done is not None:
            with of_the_books():
                audit.note(subscription, _("Restore"), after={"entered": dict(typed(form))})
            _tell_access(request, subscription, now)
            return redirect(page_of(subscription))
    elif not offered:
        _tell_access(request, subscription, now)
        return redirect(page_of(subscription))
    else:
        form = RestoreForm(offered, initial={"reason": offered[0]})
    return action_page(
        admin,
        request,
        row=subscription,
        title=_("Restore {subscription}").format(subscription=subscription),
        form=form,
        button=_("Restore"),
        facts=[
            *facts_of(subscription),
            *((_("Off because"), reason) for reason in why_off(subscription, now)),
        ],
    )


def issue_bill(admin: BillingAdmin, request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """Show the bill for the next period and issue it."""
    now = timezone.now()
    form = IssueBillForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        bill = attempt(
            form, lambda: bills.issue_period(subscription=subscription, now=now, by=request.user, **form.cleaned_data)
        )
        if bill:
            with of_the_books():
                audit.note(subscription, _("Issue bill: {told_bill}").format(told_bill=told_bill(bill)))
            messages.success(request, told_bill(bill))
            return redirect(page_of(bill if request.user.has_perm("billing.view_bill") else subscription))
    try:
        preview = bills.preview(subscription, now=now)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(page_of(subscription))
    if not form.is_bound:
        form = IssueBillForm(initial={"start": preview.proposals[0].period.start})
    return action_page(
        admin,
        request,
        row=subscription,
        title=_("Issue the next bill of {subscription}").format(subscription=subscription),
        form=form,
        button=_("Issue bill"),
        facts=[*facts_of(subscription), *_previewed(preview, now)],
    )


def disable_all(request: HttpRequest, subscriptions: Iterable[Subscription]) -> None:
    """Disable the selected rows as "manual"."""
    done = [
        str(subscription)
        for subscription in subscriptions
        if access.disable(subscription=subscription, now=timezone.now(), by=request.user)
    ]
    messages.success(request, _("Disabled: {done}.").format(done=", ".join(done))) if done else messages.info(
        request, _("All were disabled already.")
    )


def restore_all(request: HttpRequest, subscriptions: Iterable[Subscription]) -> None:
    """Take the manual block back from the selected rows; tell which stay off, and why."""
    now = timezone.now()
    online: list[Subscription] = []
    off: list[Subscription] = []
    for subscription in subscriptions:
        access.restore(subscription=subscription, now=now, by=request.user)
        (online if _is_on(subscription) else off).append(subscription)
    if online:
        messages.success(request, _("Online: {map}.").format(map=", ".join(map(str, online))))
    for subscription in off[:MOST_SHOWN]:
        _tell_access(request, subscription, now)
    if len(off) > MOST_SHOWN:
        messages.warning(request, _("{off} more stay off. Open one to see why.").format(off=len(off) - MOST_SHOWN))


def _tell_access(request: HttpRequest, subscription: Subscription, now: datetime) -> None:
    if _is_on(subscription):
        messages.success(request, _("{subscription} is online.").format(subscription=subscription))
    else:
        messages.warning(
            request,
            _("{subscription} stays off. {why_off}").format(
                subscription=subscription, why_off=" ".join(why_off(subscription, now))
            ),
        )


def _is_on(subscription: Subscription) -> bool:
    return AccessState.objects.get(pk=subscription.pk).is_on


def _previewed(preview: BillDraft, now: datetime) -> list[tuple[str, Any]]:
    proposal, totals = preview.proposals[0], preview.totals
    return [
        (
            _("Period"),
            _("{start} to {last_day} (last day included)").format(
                start=day(proposal.period.start), last_day=day(proposal.period.last_day)
            ),
        ),
        (_("Amount"), money(proposal.amount)),
        *((_("Item: {item}").format(item=item), money(item.amount)) for item in preview.items),
        *((part.rate.name, money(part.tax)) for part in totals.taxes),
        (_("Total"), money(totals.total)),
        (_("Regular issue date"), day(proposal.issue_on)),
        (_("Issued"), _("{local_date}, today").format(local_date=day(clock.local_date(now)))),
        (_("Due"), _("{due_on}, the last day to pay").format(due_on=day(preview.due_on))),
    ]
