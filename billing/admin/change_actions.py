"""Take a scheduled change back, or let one that failed be tried again (rule L1)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.utils.translation import gettext as _

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.deeds import Deed
from billing.admin.formatting import day, link
from billing.admin.subscription_facts import next_bill
from billing.models import ScheduledChange
from billing.services import scheduled_changes
from billing.words import gettext_lazy

Kind, Status = ScheduledChange.Kind, ScheduledChange.Status


class OfChange(ActionPage):
    """What both have in common; each kind of change needs the permission of the action that made it."""

    permissions: ClassVar[dict[str, str]] = {
        Kind.START: "billing.end_subscription",
        Kind.PLAN: "billing.switch_plan",
        Kind.HOLD: "billing.hold_subscription",
        Kind.RESUME: "billing.hold_subscription",
        Kind.END: "billing.end_subscription",
    }

    @classmethod
    def permission_for(cls, row: ScheduledChange) -> str:
        return cls.permissions[row.kind]

    def facts(self) -> Facts:
        change: ScheduledChange = self.row
        failure = [(_("Failed"), change.error)] if change.error else []
        plan = [(_("To the plan"), str(change.plan))] if change.plan else []
        return [
            (_("Subscription"), link(change.subscription)),
            (_("Change"), change.get_kind_display()),
            *plan,
            (_("On"), day(change.due_on)),
            *failure,
        ]

    def page_after(self, done: Any) -> Model:
        return self.row.subscription


class TakeBackChange(OfChange, Deed):
    title = gettext_lazy("Take back: {}")
    button = gettext_lazy("Take back")
    name = "take_back"
    icon = "undo"
    service = scheduled_changes.take_back
    row_is = "change"

    @classmethod
    def refusal(cls, row: ScheduledChange) -> str:
        if row.kind == Kind.START:
            return _("A start cannot be taken back. End the subscription instead.")
        return (
            ""
            if row.status in scheduled_changes.UNSETTLED
            else _("“{row}” is {status} already.").format(row=row, status=row.get_status_display())
        )

    @property
    def customer_id(self) -> int:
        return int(self.row.subscription.customer_id)

    def previewed(self, done: None) -> Facts:
        return [(_("Next bill"), next_bill(self.row.subscription))]

    def outcome(self, done: None) -> str:
        return _("“{row}” is taken back. Next bill: {next_bill}.").format(
            row=self.row, next_bill=next_bill(self.row.subscription)
        )


class TryChangeAgain(OfChange):
    title = gettext_lazy("Try again: {}")
    button = gettext_lazy("Try again")
    name = "try_again"
    icon = "refresh"

    @classmethod
    def refusal(cls, row: ScheduledChange) -> str:
        return (
            ""
            if row.status == Status.FAILED
            else _("“{row}” did not fail: there is nothing to try again.").format(row=row)
        )

    def act(self, data: dict[str, Any]) -> None:
        scheduled_changes.try_again(change=self.row)

    def told(self, done: None) -> str:
        return _("“{row}” is tried again by the next run of “Apply scheduled changes”.").format(row=self.row)
