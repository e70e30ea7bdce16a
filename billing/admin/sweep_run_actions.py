"""Let a held run go on, and undo the cuts of a run (rule E14)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.fields import DayField, TextField
from billing.admin.formatting import day, instant, link, money
from billing.admin.who_will_be_cut import at_routers
from billing.models import SweepRun
from billing.services import deferral_states, expiry_preview, sweep_runs
from billing.services.expiry_preview import Chosen
from billing.services.wording import counted, of_the_books
from billing.words import gettext_lazy


class UndoForm(forms.Form):
    until = DayField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("Last day with access, although the bill is unpaid.")
    )
    why = TextField(label=gettext_lazy("Why"), help_text=gettext_lazy("Needed, for your colleagues."))


class ConfirmRun(ActionPage):
    title = gettext_lazy("Confirm {}")
    button = gettext_lazy("Confirm this run")
    name = "confirm"
    icon = "gavel"
    permission = "billing.confirm_run"
    is_primary = True

    @classmethod
    def refusal(cls, row: SweepRun) -> str:
        if row.status == SweepRun.Status.HELD:
            return ""
        return _("The circuit breaker does not hold {row}: it is “{status}”.").format(
            row=row, status=row.get_status_display()
        )

    def facts(self) -> Facts:
        run: SweepRun = self.row
        chosen = Chosen(run=run)
        held = expiry_preview.totals(self.now, chosen)
        share = (
            _(", {value} % of {active} that were on").format(
                value=f"{100 * run.looked_at / run.active:.0f}", active=f"{run.active:,}"
            )
            if run.active
            else ""
        )
        return [
            (_("Run"), link(run)),
            (
                _("Found due"),
                _("{counted} on {as_of}{share}").format(
                    counted=counted(run.looked_at, "subscription"), as_of=instant(run.as_of), share=share
                ),
            ),
            (
                _("Allowed"),
                _("{max_cuts_percent} %, and always {max_cuts_count}").format(
                    max_cuts_percent=settings.MAX_CUTS_PERCENT, max_cuts_count=settings.MAX_CUTS_COUNT
                ),
            ),
            (
                _("Still due of them"),
                _("{counted} of {counted_2}, who owe {owed}").format(
                    counted=counted(held.subscriptions, "subscription"),
                    counted_2=counted(held.customers, "customer"),
                    owed=money(held.owed),
                ),
            ),
            *at_routers(self.request.user, self.now, chosen),
            (_("Then"), _("The next expiry check disables those that are still due. “Undo this run” takes it back.")),
        ]

    def act(self, data: dict[str, Any]) -> SweepRun:
        done = sweep_runs.confirm(run=self.row, now=self.now, by=self.request.user)
        with of_the_books():
            self.admin.log_change(self.request, done, _("Confirmed."))
        return done

    def told(self, done: SweepRun) -> str:
        return _("{done} is confirmed: the next expiry check disables those of its list that are still due.").format(
            done=done
        )


class UndoRun(ActionPage):
    title = gettext_lazy("Undo the cuts of {}")
    button = gettext_lazy("Undo this run")
    name = "undo"
    icon = "undo"
    permission = "billing.undo_run"
    form_class = UndoForm

    @classmethod
    def refusal(cls, row: SweepRun) -> str:
        if not row.disabled:
            return _("Nobody was cut by {row}: there is nothing to undo.").format(row=row)
        return "" if sweep_runs.is_still_cut(row) else _("Nobody is off any more because of {row}.").format(row=row)

    def initial(self) -> dict[str, Any]:
        return {"until": deferral_states.usual_day(self.now)}

    def facts(self) -> Facts:
        return [
            (_("Run"), link(self.row)),
            (_("Disabled"), counted(self.row.disabled, "subscription")),
            (_("Still off for it"), counted(sweep_runs.still_cut(self.row), "subscription")),
            (
                _("Then"),
                _("They come back at once, unless another reason is against it, and are not cut for these days."),
            ),
        ]

    def act(self, data: dict[str, Any]) -> tuple[int, Any]:
        count = sweep_runs.undo(run=self.row, now=self.now, by=self.request.user, **data)
        if count:
            with of_the_books():
                told = _("Undone for {counted}.").format(counted=counted(count, "subscription"))
                self.admin.log_change(self.request, self.row, told)
        return count, data["until"]

    def told(self, done: tuple[int, Any]) -> str:
        count, until = done
        if not count:
            return _("Nobody was off any more because of {row}.").format(row=self.row)
        return _("{counted} came back. None of them is cut until {until} is over.").format(
            counted=counted(count, "subscription"), until=day(until)
        )
