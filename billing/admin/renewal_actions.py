"""Renew a prepaid subscription at the desk: bill and payment in one step (rule L4)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from billing.admin import explain
from billing.admin.action_pages import ActionPage, Facts
from billing.admin.fields import MethodField, OnceForm
from billing.admin.formatting import day, money
from billing.admin.subscription_facts import ONE_DAY, facts_of
from billing.models import Block, Payment, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import prepaid, summary
from billing.services.prepaid import Renewal
from billing.services.rehearsal import rehearse
from billing.words import gettext_lazy


class RenewForm(OnceForm):
    method = MethodField(label=gettext_lazy("Method"))


class RenewSubscription(ActionPage):
    title = gettext_lazy("Renew {}")
    button = gettext_lazy("Renew")
    name = "renew"
    icon = "autorenew"
    permission = "billing.renew_subscription"
    form_class = RenewForm

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        if row.plan.mode != Plan.Mode.PREPAID:
            return _("{row} is billed in arrears. Receive a payment instead.").format(row=row)
        reasons = Block.objects.filter(subscription=row, closed_at=None).values_list("reason", flat=True)
        if Block.Reason.ENDED in reasons:
            return _("{row} ended on {ends_on}.").format(row=row, ends_on=day(row.ends_on))
        return _("{row} is on hold. Resume it first.").format(row=row) if Block.Reason.HOLD in reasons else ""

    def facts(self) -> Facts:
        credit = (_("Credit"), money(summary.credit(self.row.customer)))
        try:
            asked = rehearse(prepaid.renew, _asked, subscription=self.row, method=Payment.Method.CASH, now=self.now)
        except Refused as refused:
            return [*facts_of(self.row), (_("Renewal"), str(refused))]
        return [*facts_of(self.row), credit, *asked]

    def act(self, data: dict[str, Any]) -> Renewal:
        return prepaid.renew(subscription=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: Renewal) -> str:
        until = _("{row} is paid until {last_day}.").format(row=self.row, last_day=_last_day(done))
        return f"{until} {explain.what_it_did(done.payment, self.now)}"

    def page_after(self, done: Renewal) -> Model:
        return done.payment


def _asked(done: Renewal) -> Facts:
    """What is to be received, read while it is there."""
    bills = [part.bill for part in done.payment.allocations.select_related("bill") if part.amount > 0]
    lines = [str(line) for bill in bills for line in bill.lines.all()]
    return [
        *((_("For"), line) for line in lines),
        (_("To receive"), money(done.payment.amount)),
        (_("Paid until"), _last_day(done)),
    ]


def _last_day(done: Renewal) -> str:
    return _("{paid_until} (last day included)").format(paid_until=day(done.paid_until - ONE_DAY))
