"""Texts of ours in the language of the reader; translations are in ``billing/locale``, made by ``make words``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from django.apps import apps
from django.db.models import Choices, Model
from django.utils import translation

# For what stands in modules and classes: it is translated each time it is shown. To its users it is a text.
gettext_lazy = cast("Callable[[str], str]", translation.gettext_lazy)
gettext_noop = translation.gettext_noop

OURS = ("billing.", "utils.")

# What unfold says on every page: it brings no translations of its own.
OF_UNFOLD = (
    gettext_noop("Dark"),
    gettext_noop("Light"),
    gettext_noop("System"),
    gettext_noop("Go back"),
    gettext_noop("Search apps and models..."),
    gettext_noop("Select value"),
    gettext_noop("Type to search"),
    gettext_noop("Filters"),
    gettext_noop("Reset filters"),
    gettext_noop("No results found"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Select action"),
    gettext_noop("Select action to run"),
    gettext_noop("Select all rows"),
    gettext_noop("Select record"),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
)


def translate_names() -> None:
    """Let the names, helps and choices of our models be translated when they are shown.

    Django makes most of them of the names of attributes, so they are marked here for all models and not in each.
    Migrations compare what the models say themselves and see nothing of it.
    """
    for kind in kinds():
        for member in kind:
            member._label_ = gettext_lazy(str(member.label))
    for model in models():
        meta: Any = model._meta
        meta.verbose_name, meta.verbose_name_plural = map(_marked, (meta.verbose_name, meta.verbose_name_plural))
        for field in meta.local_fields:
            field.verbose_name, field.help_text = _marked(field.verbose_name), _marked(field.help_text)
            if field.choices:
                field.choices = [(value, _marked(label)) for value, label in field.choices]


def names() -> Iterator[str]:
    """Every text that ``translate_names`` marks, as the models say it."""
    with translation.override(None):
        for kind in kinds():
            yield from map(str, kind.labels)
        for model in models():
            meta: Any = model._meta
            yield from map(str, (meta.verbose_name, meta.verbose_name_plural))
            for field in meta.local_fields:
                yield from map(str, (field.verbose_name, field.help_text))
                yield from (str(label) for _, label in field.choices or ())


def models() -> Iterator[type[Model]]:
    """Our models."""
    return (model for model in apps.get_models() if model.__module__.startswith(OURS))


def kinds(above: Any = Choices) -> Iterator[Any]:
    """Our enumerations of choices."""
    for kind in above.__subclasses__():
        if kind.__module__.startswith(OURS):
            yield kind
        yield from kinds(kind)


def _marked(text: Any) -> Any:
    return gettext_lazy(str(text)) if text else text
