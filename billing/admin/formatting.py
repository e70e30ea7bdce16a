"""How amounts, dates and states look on the staff's pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.rules.access import NEVER
from billing.services import wording
from billing.words import gettext_noop

NONE = "–"
STATE_COLOURS = {
    gettext_noop("open"): "info",
    gettext_noop("overdue"): "danger",
    gettext_noop("partly paid"): "warning",
    gettext_noop("paid"): "success",
    gettext_noop("pending"): "info",
    gettext_noop("done"): "success",
    gettext_noop("failed"): "danger",
    gettext_noop("running"): "info",
    gettext_noop("cancelled"): "",
    gettext_noop("void"): "",
    gettext_noop("draft"): "",
}
REASON_COLOURS = {
    gettext_noop("unpaid"): "danger",
    gettext_noop("manual"): "warning",
    gettext_noop("hold"): "info",
    gettext_noop("abuse"): "danger",
    gettext_noop("quota"): "warning",
    gettext_noop("pending"): "info",
    gettext_noop("ended"): "",
}


def money(amount: Decimal, currency: str = "") -> str:
    """An amount with its currency as the staff's language writes it, such as ``$25.00``."""
    return wording.price(amount, currency)


def percent(value: Decimal) -> str:
    """A share such as ``5.5 %``, without zeros that say nothing."""
    return f"{value.normalize():f} %"


def amount_cell(amount: Decimal, currency: str = "") -> SafeString:
    """An amount for a column: set to the right, in figures of equal width."""
    return format_html('<span class="amount">{}</span>', money(amount, currency))


def day(value: date | None) -> str:
    return wording.day(value) if value else NONE


def instant(value: datetime | None) -> str:
    """An instant in the installation's zone; "never" for the one that stands for it."""
    if value == NEVER:
        return _("never")
    return wording.instant(value) if value else NONE


def label(text: str, colour: str = "") -> SafeString:
    """A small coloured label; colours are unfold's: info, success, warning, danger."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def state_label(state: str) -> SafeString:
    """The label of the state of a bill or of a scheduled change."""
    return label(_(state), STATE_COLOURS.get(state, ""))


def access_label(is_on: bool, reasons: Sequence[str] = ()) -> SafeString:
    """The label “on”, or one label for each reason why not."""
    if is_on:
        return label(_("on"), "success")
    labels = [label(_("off: {reason}").format(reason=_(reason)), REASON_COLOURS[reason]) for reason in reasons] or [
        label(_("off"), "danger")
    ]
    return format_html_join(" ", "{}", ((label,) for label in labels))


def page_of(row: Model) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[Model], query: str = "") -> str:
    """The address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + query


def link(row: Model | None, text: str = "") -> str:
    """A link to a row's page, or the text alone when it has none."""
    if row is None:
        return NONE
    try:
        return format_html('<a class="text-link" href="{}">{}</a>', page_of(row), text or row)
    except NoReverseMatch:
        return text or str(row)
