"""The forms of an import: which file of what, and which column is which field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin.fields import MethodField
from billing.models import ImportedFile, ImportedRow, Payment
from billing.rules import cells
from billing.services.imports import kinds, passwords
from billing.services.imports.values import CREDIT, OWED, Field
from billing.words import gettext_lazy

Kind = ImportedFile.Kind
NEEDS = {
    Kind.PAYMENTS: "billing.import_payments",
    Kind.CUSTOMERS: "billing.import_customers",
    Kind.PLANS: "billing.import_customers",
    Kind.SUBSCRIPTIONS: "billing.import_customers",
}
DECIMALS = [(cells.POINT, gettext_lazy("a point: 1,234.50")), (cells.COMMA, gettext_lazy("a comma: 1.234,50"))]
ORDERS = [
    (cells.DAY_FIRST, gettext_lazy("day first: 31/05/2026")),
    (cells.MONTH_FIRST, gettext_lazy("month first: 05/31/2026")),
]
BALANCES = [(OWED, gettext_lazy("is owed to us")), (CREDIT, gettext_lazy("is the customer's credit"))]
EXAMPLES = 3
NOT_YOURS = gettext_lazy(
    "Passwords and fixed addresses may only be brought in by who may give them to subscriptions. Choose no column for "
    "them, or ask somebody who may."
)


class FileField(forms.FileField):
    """A file that is not larger than the settings allow."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminFileFieldWidget({"accept": ".csv,.txt,.tsv,.xlsx,.sql,.zip"})
        super().__init__(**{"max_length": 200, "widget": widget, **kwargs})

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file.size > settings.IMPORT_MAX_MB << 20:
            raise ValidationError(
                _("The file is larger than {import_max_mb} MB. Divide it.").format(import_max_mb=settings.IMPORT_MAX_MB)
            )
        return file


class UploadForm(forms.Form):
    """``request_key`` is made with the page: however often it is sent, the file comes once."""

    kind = forms.ChoiceField(label=gettext_lazy("What it has"), widget=UnfoldAdminSelectWidget)
    file = FileField(label=gettext_lazy("File"))
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.value, kind.label) for kind in Kind if user.has_perm(NEEDS[kind])
        ]


class ColumnsForm(forms.Form):
    """For every field of the kind the column that it stands in, and how amounts and days are written."""

    def __init__(self, user: Any, file: ImportedFile, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.file = user, file
        sealed = file.options.get(passwords.PLACES, ())
        columns = [(str(place), name, place in sealed) for place, name in enumerate(file.head)]
        for field in kinds.FIELDS[file.kind]:
            self.fields[self.name_of(field)] = forms.ChoiceField(
                label=_(field.label),
                required=field.is_needed,
                choices=[("", "–"), *((place, name) for place, name, secret in columns if secret == field.is_secret)],
                initial=str(file.mapping.get(field.name, "")),
                help_text=_help(field),
                widget=UnfoldAdminSelectWidget,
            )
        self._add_options(file)

    def _add_options(self, file: ImportedFile) -> None:
        options = file.options
        if file.kind == Kind.PAYMENTS:
            self.fields["source"] = forms.CharField(
                label=_("Whose statement"),
                max_length=40,
                initial=options.get("source", ""),
                help_text=_("The bank or service, always written the same: a reference counts once for each."),
                widget=UnfoldAdminTextInputWidget,
            )
            self.fields["method"] = MethodField(
                label=_("Way to pay"), initial=options.get("method", Payment.Method.BANK)
            )
        if any(field.name == "balance" for field in kinds.FIELDS[file.kind]):
            self.fields["balance"] = forms.ChoiceField(
                label=_("A balance above zero"), choices=BALANCES, widget=UnfoldAdminSelectWidget
            )
            self.fields["balance"].initial = options.get("balance")
        for name, label, choices in (("decimals", _("Decimals after"), DECIMALS), ("order", _("Dates"), ORDERS)):
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, initial=options.get(name), widget=UnfoldAdminSelectWidget
            )

    @staticmethod
    def name_of(field: Field) -> str:
        return f"column_{field.name}"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        source = values.get("source")
        if source:
            values["source"] = source.strip().casefold()
        for field in kinds.FIELDS[self.file.kind]:
            if field.permission and values.get(self.name_of(field)) and not self.user.has_perm(field.permission):
                self.add_error(self.name_of(field), str(NOT_YOURS))
        return values

    @property
    def mapping(self) -> dict[str, int]:
        """Field: number of its column."""
        chosen = {one.name: self.cleaned_data[self.name_of(one)] for one in kinds.FIELDS[self.file.kind]}
        return {name: int(place) for name, place in chosen.items() if place != ""}

    @property
    def options(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith("column_")}


def first_rows(rows: Sequence[ImportedRow]) -> list[list[str]]:
    """What stands in the first rows, to be shown beside the columns."""
    return [[passwords.shown(cell) for cell in row.cells] for row in rows[:EXAMPLES]]


def _help(field: Field) -> str:
    if field.is_secret:
        return _("Only a column whose name says so, such as password: it is sealed when it is read.")
    return _("Such as {example}").format(example=field.example) if field.example else ""
