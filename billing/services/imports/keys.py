"""Keys of what an import makes, so that the same row makes it once however often it comes."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid5

from billing.services import wording

SPACE = UUID("6d0f5c1e-7a0b-4a5e-9a52-2f3f7c1f8d10")


def of(*parts: str) -> UUID:
    """The key of what ``parts`` name."""
    return uuid5(SPACE, "\x1f".join(part.strip().casefold() for part in parts))


def shown(before: object, after: object) -> str:
    """What changes, for the preview."""
    return f"{_text(before)} → {_text(after)}"


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return wording.plain(value)
    return "–" if value in (None, "") else str(value)
