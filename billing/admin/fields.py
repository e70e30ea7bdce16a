"""Fields that the forms of several actions have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from billing.admin import formatting
from billing.models import Payment
from billing.rules import money
from billing.rules.errors import Refused
from billing.words import gettext_lazy as _

OUTDATED = _("This form cannot be used any more. Open it anew.")
MOST_LETTERS = 200


class AmountField(forms.CharField):
    """An amount that a person types, in the installation's currency; its errors are those of the rules."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(**{"max_length": 40, "widget": widget, **kwargs})

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.checked_amount(money.parse_amount(text, settings.CURRENCY), settings.CURRENCY)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused


class TextField(forms.CharField):
    """A line of text; whether it may be empty is the services' decision, in their words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_length": MOST_LETTERS, "required": False, "widget": UnfoldAdminTextInputWidget, **kwargs}
        )


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": UnfoldAdminSingleDateWidget, **kwargs})


class MethodField(forms.ChoiceField):
    """A way to pay."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminSelectWidget
        super().__init__(
            **{"choices": lambda: Payment.Method.choices, "initial": Payment.Method.CASH, "widget": widget, **kwargs}
        )


class RadioField(forms.ChoiceField):
    """A choice of few, one below the other: their texts may be long."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": UnfoldAdminRadioSelectWidget, **kwargs})


def typed(form: forms.Form) -> list[tuple[str, str]]:
    """What was filled in, as people read it: label and value."""
    if not form.is_bound:
        return []
    values = [(field, form.cleaned_data.get(field.name)) for field in form.visible_fields()]
    return [(str(field.label), _as_read(field.field, value)) for field, value in values if value not in (None, "")]


def _as_read(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        return str(field.label_from_instance(value))
    if isinstance(field, forms.ChoiceField):
        return str(dict(cast("list[tuple[str, str]]", field.choices))[value])
    if isinstance(value, Decimal):
        return formatting.money(value)
    return formatting.day(value) if isinstance(value, date) else str(value)


class OnceForm(forms.Form):
    """A form that has one effect, however often it is sent: its key is made when it is shown (rule M9)."""

    request_key = forms.UUIDField(
        widget=forms.HiddenInput, initial=uuid4, error_messages={"required": OUTDATED, "invalid": OUTDATED}
    )
