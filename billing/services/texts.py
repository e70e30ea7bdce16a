"""Texts that people type, checked before they reach a column."""

from __future__ import annotations

from billing.rules.errors import Refused


def checked(text: str, *, longest: int, missing: str = "") -> str:
    """``text`` without the spaces around it.

    Raises:
        Refused: it is longer than ``longest`` letters, or empty when ``missing`` says that it is needed.
    """
    text = text.strip()
    if missing and not text:
        raise Refused(missing)
    if len(text) > longest:
        raise Refused(
            "The text has {text} letters. Shorten it to {longest} letters or less.", text=len(text), longest=longest
        )
    return text
