"""Requests that are sent again give the first one's answer, and a key with another body is refused (rule M9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import Model

from billing.rules.errors import Refused

Row = TypeVar("Row", bound=Model)


def earlier(model: type[Row], key: UUID | None) -> Row | None:
    """The row that a request with this key made before, if there was one."""
    return model._default_manager.filter(request_key=key).first() if key else None


def answer(found: Row | None, row: Row, body: Sequence[str]) -> Row | None:
    """The row that was ``found``, if it is what the request for ``row`` asks for in the fields of ``body``.

    Raises:
        Refused: the key was used for something else.
    """
    if found and any(getattr(found, name) != getattr(row, name) for name in body):
        raise used(found)
    return found


def used(found: Model) -> Refused:
    """The refusal of a key that made another row."""
    return Refused(
        "This request was already used for {verbose_name} {found}. Start a new one.",
        verbose_name=found._meta.verbose_name,
        found=found,
    )
