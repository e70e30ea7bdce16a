"""What a cashier does with a shift: cash in and out, the count at the end, and the hand-over to a second person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.fields import AmountField, OnceForm, TextField
from billing.admin.formatting import instant, money
from billing.models import CashMovement, CashShift
from billing.rules.errors import Refused
from billing.rules.money import parse_minimum
from billing.services import cash

Kind = CashMovement.Kind


class CountField(AmountField):
    """Cash that somebody counted: zero or more."""

    def clean(self, value: Any) -> Decimal | None:
        text = forms.CharField.clean(self, value)
        try:
            return parse_minimum(text, settings.CURRENCY)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused


class MoveForm(OnceForm):
    amount = AmountField()
    reason = TextField(label="What for", help_text="Needed, for the books: what was paid, or where the cash went.")


class CloseForm(forms.Form):
    counted = CountField(label="Cash counted", help_text="All notes and coins in the drawer, with the float.")
    reason = TextField(label="Reason of a difference")


class ShiftPage(ActionPage):
    """An action on an open shift of one's own."""

    permission = "billing.run_cashshift"

    @classmethod
    def is_offered(cls, user: Any, row: CashShift) -> bool:
        return row.staff_id == user.pk and super().is_offered(user, row)

    @classmethod
    def refusal(cls, row: CashShift) -> str:
        return "This shift is closed: it never changes any more." if row.closed_at else ""

    def facts(self) -> Facts:
        return [("Shift", f"{self.row.staff}, since {instant(self.row.opened_at)}")]


class Move(ShiftPage):
    """Cash that is no payment of a customer."""

    kind: ClassVar[str]
    form_class = MoveForm

    def facts(self) -> Facts:
        return [*super().facts(), ("In the drawer", money(cash.drawer(self.row)))]

    def act(self, data: dict[str, Any]) -> CashMovement:
        return cash.move(shift=self.row, kind=self.kind, now=self.now, by=self.request.user, **data)

    def told(self, done: CashMovement) -> str:
        return f"{done.get_kind_display().capitalize()}: {money(done.amount)}. The drawer holds {self._left()} now."

    def _left(self) -> str:
        return money(cash.drawer(self.row))


class PayIn(Move):
    title = "Put cash into the drawer of {}"
    button = "Pay in"
    name = "pay_in"
    icon = "add"
    kind = Kind.PAY_IN


class PayOut(Move):
    title = "Pay something out of the drawer of {}"
    button = "Pay out"
    name = "pay_out"
    icon = "remove"
    kind = Kind.PAY_OUT


class Deposit(Move):
    title = "Take a deposit out of the drawer of {}"
    button = "Deposit"
    name = "deposit"
    icon = "account_balance"
    kind = Kind.DEPOSIT


class CloseShift(ShiftPage):
    """By the cashier; by somebody who may sign, when the cashier has gone home."""

    title = "Close {}"
    button = "Close the shift"
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

    def preview(self, data: dict[str, Any]) -> tuple[Facts, Sequence[str]]:
        expected, counted = cash.drawer(self.row), data["counted"]
        cash.require_reason(counted, expected, data["reason"])
        facts = [("It should hold", money(expected)), ("Difference", money(counted - expected))]
        return facts, ["The shift is closed and never changes any more. A second person signs for the cash."]

    def act(self, data: dict[str, Any]) -> CashShift:
        user: Any = self.request.user
        if self.row.staff_id != user.pk and not user.has_perm("billing.sign_cashshift"):
            raise Refused(f"This is the shift of {self.row.staff}. Close your own one.")
        return cash.close(shift=self.row, now=self.now, by=user, **data)

    def told(self, done: CashShift) -> str:
        difference = money((done.counted or Decimal(0)) - (done.expected or Decimal(0)))
        counted, expected = money(done.counted or Decimal(0)), money(done.expected or Decimal(0))
        return f"The shift is closed: {counted} counted, {expected} expected, difference {difference}."


class SignShift(ActionPage):
    title = "Take over the cash of {}"
    button = "Sign for the cash"
    name = "sign"
    icon = "signature"
    permission = "billing.sign_cashshift"

    @classmethod
    def is_offered(cls, user: Any, row: CashShift) -> bool:
        return row.staff_id != user.pk and super().is_offered(user, row)

    @classmethod
    def refusal(cls, row: CashShift) -> str:
        if row.closed_at is None:
            return "The shift is open. It is handed over when it is closed."
        return f"{row.handed_over_to} has signed for this cash already." if row.handed_over_to_id else ""

    def facts(self) -> Facts:
        shift: CashShift = self.row
        return [
            ("Cashier", str(shift.staff)),
            ("Counted", money(shift.counted or Decimal(0))),
            ("It should have held", money(shift.expected or Decimal(0))),
            ("Reason of the difference", shift.difference_reason or "none"),
        ]

    def act(self, data: dict[str, Any]) -> CashShift:
        return cash.hand_over(shift=self.row, now=self.now, to=self.request.user)

    def told(self, done: CashShift) -> str:
        return f"You have signed for {money(done.counted or Decimal(0))} of {done.staff}."
