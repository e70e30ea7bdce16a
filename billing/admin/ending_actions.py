"""End a subscription, with the credit or the final bill that comes of it (rule L6)."""

from __future__ import annotations

from typing import Any

from django import forms

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import DayField
from billing.admin.formatting import day
from billing.admin.subscription_facts import facts_of
from billing.models import Block, ScheduledChange, Subscription
from billing.rules.periods import start_of_day
from billing.services import clock, endings


class EndForm(forms.Form):
    on = DayField(label="Ends on", help_text="First day without the service.")


class EndSubscription(Deed):
    title = "End {}"
    button = "End"
    name = "end"
    icon = "event_busy"
    permission = "billing.end_subscription"
    form_class = EndForm
    service = endings.end
    row_is = "subscription"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        ended = Block.objects.filter(subscription=row, reason=Block.Reason.ENDED, closed_at=None).exists()
        return f"{row} ended on {day(row.ends_on)}." if ended else ""

    def initial(self) -> dict[str, Any]:
        return {"on": self.row.ends_on or max(clock.local_date(self.now), self.row.starts_on)}

    def facts(self) -> Facts:
        ends = [("Ends on", f"{day(self.row.ends_on)}, the first day without the service")] if self.row.ends_on else []
        return [*facts_of(self.row), *ends]

    def previewed(self, done: ScheduledChange) -> Facts:
        day_of_it = ("Ends on", f"{day(done.due_on)}, the first day without the service")
        if done.status == ScheduledChange.Status.DONE:
            return [day_of_it]
        endings.apply(done, now=start_of_day(done.due_on, clock.zone()))
        return [day_of_it, ("Then", "as far as it can be told today:")]

    def outcome(self, done: ScheduledChange) -> str:
        if done.status == ScheduledChange.Status.DONE:
            return f"{self.row} has ended."
        return f"{self.row} ends on {day(done.due_on)}. Until then the end can be taken back."
