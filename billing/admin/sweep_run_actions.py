"""Let a held run go on, and undo the cuts of a run (rule E14)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.fields import DayField, TextField
from billing.admin.formatting import day, instant, link, money
from billing.models import SweepRun
from billing.services import deferral_states, expiry_preview, sweep_runs
from billing.services.expiry_preview import Chosen
from billing.services.wording import counted


class UndoForm(forms.Form):
    until = DayField(label="Until", help_text="Last day with access, although the bill is unpaid.")
    why = TextField(label="Why", help_text="Needed, for your colleagues.")


class ConfirmRun(ActionPage):
    title = "Confirm {}"
    button = "Confirm this run"
    name = "confirm"
    icon = "gavel"
    permission = "billing.confirm_run"
    is_primary = True

    @classmethod
    def refusal(cls, row: SweepRun) -> str:
        if row.status == SweepRun.Status.HELD:
            return ""
        return f"The circuit breaker does not hold {row}: it is “{row.get_status_display()}”."

    def facts(self) -> Facts:
        run: SweepRun = self.row
        held = expiry_preview.totals(self.now, Chosen(run=run))
        share = f", {100 * run.looked_at / run.active:.0f} % of {run.active:,} that were on" if run.active else ""
        return [
            ("Run", link(run)),
            ("Found due", f"{counted(run.looked_at, 'subscription')} on {instant(run.as_of)}{share}"),
            ("Allowed", f"{settings.MAX_CUTS_PERCENT} %, and always {settings.MAX_CUTS_COUNT}"),
            (
                "Still due of them",
                f"{counted(held.subscriptions, 'subscription')} of "
                f"{counted(held.customers, 'customer')}, who owe {money(held.owed)}",
            ),
            ("Then", "The next expiry check disables those that are still due. “Undo this run” takes it back."),
        ]

    def act(self, data: dict[str, Any]) -> SweepRun:
        done = sweep_runs.confirm(run=self.row, now=self.now, by=self.request.user)
        self.admin.log_change(self.request, done, "Confirmed.")
        return done

    def told(self, done: SweepRun) -> str:
        return f"{done} is confirmed: the next expiry check disables those of its list that are still due."


class UndoRun(ActionPage):
    title = "Undo the cuts of {}"
    button = "Undo this run"
    name = "undo"
    icon = "undo"
    permission = "billing.undo_run"
    form_class = UndoForm

    @classmethod
    def refusal(cls, row: SweepRun) -> str:
        if not row.disabled:
            return f"Nobody was cut by {row}: there is nothing to undo."
        return "" if sweep_runs.is_still_cut(row) else f"Nobody is off any more because of {row}."

    def initial(self) -> dict[str, Any]:
        return {"until": deferral_states.usual_day(self.now)}

    def facts(self) -> Facts:
        return [
            ("Run", link(self.row)),
            ("Disabled", counted(self.row.disabled, "subscription")),
            ("Still off for it", counted(sweep_runs.still_cut(self.row), "subscription")),
            (
                "Then",
                "They come back at once, unless another reason is against it, and are not cut for these days.",
            ),
        ]

    def act(self, data: dict[str, Any]) -> tuple[int, Any]:
        count = sweep_runs.undo(run=self.row, now=self.now, by=self.request.user, **data)
        if count:
            self.admin.log_change(self.request, self.row, f"Undone for {counted(count, 'subscription')}.")
        return count, data["until"]

    def told(self, done: tuple[int, Any]) -> str:
        count, until = done
        if not count:
            return f"Nobody was off any more because of {self.row}."
        return f"{counted(count, 'subscription')} came back. None of them is cut until {day(until)} is over."
