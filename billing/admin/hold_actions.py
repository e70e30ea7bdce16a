"""Let a subscription rest, and bring it back (rule L3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.deeds import Deed
from billing.admin.fields import DayField, TextField
from billing.admin.formatting import day
from billing.admin.subscription_facts import days, facts_of, next_bill
from billing.models import Block, Hold, Subscription
from billing.services import clock, holds
from billing.words import gettext_lazy


class HoldForm(forms.Form):
    starts_on = DayField(label=gettext_lazy("First day on hold"))
    ends_on = DayField(
        label=gettext_lazy("Back on"),
        required=False,
        help_text=gettext_lazy("First day with service again. Empty: until somebody resumes it."),
    )
    note = TextField(label=gettext_lazy("Note"), help_text=gettext_lazy("For your colleagues: why."))


class OnHold(Deed):
    """What holding and resuming have in common."""

    permission = "billing.hold_subscription"
    row_is = "subscription"

    def facts(self) -> Facts:
        waiting = self.row.holds.filter(settled_at=None).order_by("days")
        return [*facts_of(self.row), *((_("Hold"), days(hold.days)) for hold in waiting)]

    def previewed(self, done: Any) -> Facts:
        return [(_("Next bill"), next_bill(self.row))]


class HoldSubscription(OnHold):
    title = gettext_lazy("Hold {}")
    button = gettext_lazy("Hold")
    name = "hold"
    icon = "pause_circle"
    form_class = HoldForm
    service = holds.hold

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        return (
            _("{row} ends on {ends_on}. Take the end back first.").format(row=row, ends_on=day(row.ends_on))
            if row.ends_on
            else ""
        )

    def initial(self) -> dict[str, Any]:
        return {"starts_on": max(clock.local_date(self.now), self.row.starts_on)}

    def outcome(self, done: Hold) -> str:
        return _("{row} is on hold from {days}. Unused days that are billed are credited at the end of it.").format(
            row=self.row, days=days(done.days)
        )


class ResumeSubscription(OnHold):
    title = gettext_lazy("Resume {}")
    button = gettext_lazy("Resume")
    name = "resume"
    icon = "play_circle"
    service = holds.resume

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        held = Block.objects.filter(subscription=row, reason=Block.Reason.HOLD, closed_at=None).exists()
        return "" if held else _("{row} is not on hold.").format(row=row)

    def outcome(self, done: None) -> str:
        return _("{row} is resumed from today.").format(row=self.row)
