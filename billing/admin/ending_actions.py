"""End a subscription, with the credit or the final bill that comes of it (rule L6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import DayField
from billing.admin.formatting import day
from billing.admin.subscription_facts import facts_of
from billing.models import Block, ScheduledChange, Subscription
from billing.rules.periods import start_of_day
from billing.services import clock, endings
from billing.words import gettext_lazy


class EndForm(forms.Form):
    on = DayField(label=gettext_lazy("Ends on"), help_text=gettext_lazy("First day without the service."))


class EndSubscription(Deed):
    title = gettext_lazy("End {}")
    button = gettext_lazy("End")
    name = "end"
    icon = "event_busy"
    permission = "billing.end_subscription"
    form_class = EndForm
    service = endings.end
    row_is = "subscription"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        ended = Block.objects.filter(subscription=row, reason=Block.Reason.ENDED, closed_at=None).exists()
        return _("{row} ended on {ends_on}.").format(row=row, ends_on=day(row.ends_on)) if ended else ""

    def initial(self) -> dict[str, Any]:
        return {"on": self.row.ends_on or max(clock.local_date(self.now), self.row.starts_on)}

    def facts(self) -> Facts:
        ends = (
            [(_("Ends on"), _("{ends_on}, the first day without the service").format(ends_on=day(self.row.ends_on)))]
            if self.row.ends_on
            else []
        )
        return [*facts_of(self.row), *ends]

    def previewed(self, done: ScheduledChange) -> Facts:
        day_of_it = (_("Ends on"), _("{due_on}, the first day without the service").format(due_on=day(done.due_on)))
        if done.status == ScheduledChange.Status.DONE:
            return [day_of_it]
        endings.apply(done, now=start_of_day(done.due_on, clock.zone()))
        return [day_of_it, (_("Then"), _("as far as it can be told today:"))]

    def outcome(self, done: ScheduledChange) -> str:
        if done.status == ScheduledChange.Status.DONE:
            return _("{row} has ended.").format(row=self.row)
        return _("{row} ends on {due_on}. Until then the end can be taken back.").format(
            row=self.row, due_on=day(done.due_on)
        )
