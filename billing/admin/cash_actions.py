"""What a cashier does with a shift: cash in and out, the count at the end, and the hand-over to a second person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin.action_pages import CONFIRMED, ActionPage, Facts
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import instant, money
from billing.models import CashMovement, CashShift
from billing.rules import denominations
from billing.rules.errors import Refused
from billing.rules.money import parse_minimum
from billing.services import cash
from billing.words import gettext_lazy

Kind = CashMovement.Kind


class CountField(AmountField):
    """Cash that somebody counted: zero or more."""

    def clean(self, value: Any) -> Decimal | None:
        text = forms.CharField.clean(self, value)
        if not text:
            return None
        try:
            return parse_minimum(text, settings.CURRENCY)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused


class MoveForm(OnceForm):
    amount = AmountField(label=gettext_lazy("Amount"))
    reason = TextField(
        label=gettext_lazy("What for"),
        help_text=gettext_lazy("Needed, for the books: what was paid, or where the cash went."),
    )


class CloseForm(forms.Form):
    """The cash as one amount, or how many there are of each note and coin. ``seen`` is what the preview showed."""

    counted = CountField(
        label=gettext_lazy("Cash counted"),
        required=False,
        help_text=gettext_lazy(
            "All notes and coins in the drawer, with the float. Leave it empty when you count them below."
        ),
    )
    reason = TextField(label=gettext_lazy("Reason of a difference"))
    seen = CountField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._values = denominations.of(settings.CURRENCY)
        for place, value in enumerate(self._values):
            self.fields[f"pieces_{place}"] = forms.IntegerField(
                label=_("Pieces of {value}").format(value=money(value)),
                required=False,
                min_value=0,
                max_value=denominations.MOST_PIECES,
                widget=UnfoldAdminTextInputWidget({"inputmode": "numeric", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        counts = [(str(value), found.pop(f"pieces_{place}", None)) for place, value in enumerate(self._values)]
        found["pieces"] = {value: count for value, count in counts if count}
        if found["pieces"] and found.get("counted") is None:
            found["counted"] = denominations.total(found["pieces"], settings.CURRENCY)
        if found.get("counted") is None and not self.errors:
            raise ValidationError(_("Enter the cash that you counted, or how many there are of each note and coin."))
        return found


class ShiftPage(ActionPage):
    """An action on an open shift of one's own."""

    permission = "billing.run_cashshift"

    @classmethod
    def is_offered(cls, user: Any, row: CashShift) -> bool:
        return row.staff_id == user.pk and super().is_offered(user, row)

    @classmethod
    def refusal(cls, row: CashShift) -> str:
        return _("This shift is closed: it never changes any more.") if row.closed_at else ""

    def facts(self) -> Facts:
        return [
            (
                _("Shift"),
                _("{staff}, since {opened_at}").format(staff=self.row.staff, opened_at=instant(self.row.opened_at)),
            )
        ]


class Move(ShiftPage):
    """Cash that is no payment of a customer."""

    kind: ClassVar[str]
    form_class = MoveForm

    def facts(self) -> Facts:
        return [*super().facts(), (_("In the drawer"), money(cash.drawer(self.row)))]

    def act(self, data: dict[str, Any]) -> CashMovement:
        return cash.move(shift=self.row, kind=self.kind, now=self.now, by=self.request.user, **data)

    def told(self, done: CashMovement) -> str:
        return _("{kind}: {amount}. The drawer holds {left} now.").format(
            kind=done.get_kind_display().capitalize(), amount=money(done.amount), left=self._left()
        )

    def _left(self) -> str:
        return money(cash.drawer(self.row))


class PayIn(Move):
    title = gettext_lazy("Put cash into the drawer of {}")
    button = gettext_lazy("Pay in")
    name = "pay_in"
    icon = "add"
    kind = Kind.PAY_IN


class PayOut(Move):
    title = gettext_lazy("Pay something out of the drawer of {}")
    button = gettext_lazy("Pay out")
    name = "pay_out"
    icon = "remove"
    kind = Kind.PAY_OUT


class Deposit(Move):
    title = gettext_lazy("Take a deposit out of the drawer of {}")
    button = gettext_lazy("Deposit")
    name = "deposit"
    icon = "account_balance"
    kind = Kind.DEPOSIT


class CloseShift(ShiftPage):
    """By the cashier; by somebody who may sign, when the cashier has gone home."""

    title = gettext_lazy("Close {}")
    button = gettext_lazy("Close the shift")
    name = "close"
    icon = "lock"
    has_preview = True
    is_primary = True
    form_class = CloseForm

    @classmethod
    def is_offered(cls, user: Any, row: CashShift) -> bool:
        return not cls.refusal(row) and (
            (row.staff_id == user.pk and user.has_perm(cls.permission)) or user.has_perm("billing.sign_cashshift")
        )

    def form(self, data: Any = None, initial: Any = None) -> forms.Form:
        if data is not None and CONFIRMED not in data:
            data = data.copy()
            data["seen"] = f"{cash.drawer(self.row):f}"
        return super().form(data, initial)

    def preview(self, data: dict[str, Any]) -> tuple[Facts, Sequence[str]]:
        expected, counted, pieces = data["seen"], data["counted"], data["pieces"]
        cash.require_sum(counted, pieces)
        cash.require_reason(counted, expected, data["reason"])
        counts = ", ".join(f"{count} × {value}" for value, count in pieces.items())
        facts = [(_("It should hold"), money(expected)), (_("Difference"), money(counted - expected))]
        facts += [(_("Notes and coins"), counts)] if pieces else []
        return facts, [_("The shift is closed and never changes any more. A second person signs for the cash.")]

    def act(self, data: dict[str, Any]) -> CashShift:
        user: Any = self.request.user
        if self.row.staff_id != user.pk and not user.has_perm("billing.sign_cashshift"):
            raise Refused("This is the shift of {staff}. Close your own one.", staff=self.row.staff)
        return cash.close(shift=self.row, now=self.now, by=user, **data)

    def told(self, done: CashShift) -> str:
        difference = money((done.counted or Decimal(0)) - (done.expected or Decimal(0)))
        counted, expected = money(done.counted or Decimal(0)), money(done.expected or Decimal(0))
        return _("The shift is closed: {counted} counted, {expected} expected, difference {difference}.").format(
            counted=counted, expected=expected, difference=difference
        )


class SignShift(ActionPage):
    title = gettext_lazy("Take over the cash of {}")
    button = gettext_lazy("Sign for the cash")
    name = "sign"
    icon = "signature"
    permission = "billing.sign_cashshift"

    @classmethod
    def is_offered(cls, user: Any, row: CashShift) -> bool:
        return row.staff_id != user.pk and super().is_offered(user, row)

    @classmethod
    def refusal(cls, row: CashShift) -> str:
        if row.closed_at is None:
            return _("The shift is open. It is handed over when it is closed.")
        return (
            _("{handed_over_to} has signed for this cash already.").format(handed_over_to=row.handed_over_to)
            if row.handed_over_to_id
            else ""
        )

    def facts(self) -> Facts:
        shift: CashShift = self.row
        return [
            (_("Cashier"), str(shift.staff)),
            (_("Counted"), money(shift.counted or Decimal(0))),
            (_("It should have held"), money(shift.expected or Decimal(0))),
            (_("Reason of the difference"), shift.difference_reason or _("none")),
        ]

    def act(self, data: dict[str, Any]) -> CashShift:
        return cash.hand_over(shift=self.row, now=self.now, to=self.request.user)

    def told(self, done: CashShift) -> str:
        return _("You have signed for {counted} of {staff}.").format(
            counted=money(done.counted or Decimal(0)), staff=done.staff
        )
