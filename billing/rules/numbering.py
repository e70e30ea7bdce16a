"""How a document number is printed (rule M10)."""

from __future__ import annotations

import re
from datetime import date

from billing.rules.errors import Refused

_PLACE = re.compile(r"\{(\w*)\}")
_PLACES = ("year", "month")


def printed(value: int, *, prefix: str, digits: int, issued_on: date) -> str:
    """The number ``value`` behind its prefix, with at least ``digits`` digits.

    ``{year}`` and ``{month}`` in the prefix stand for the document's business date, a date in
    the company's zone. The series goes on across months, so numbers stay unique and gapless.
    """
    text = prefix.replace("{year}", f"{issued_on.year:04}").replace("{month}", f"{issued_on.month:02}")
    return f"{text}{value:0{digits}}"


def checked_prefix(prefix: str) -> str:
    """``prefix`` if it can be printed.

    Raises:
        Refused: braces round anything but ``year`` and ``month``.
    """
    unknown = [place for place in _PLACE.findall(prefix) if place not in _PLACES]
    if unknown or re.search(r"[{}]", _PLACE.sub("", prefix)):
        raise Refused("“{prefix}” is not a prefix. In braces only {{year}} and {{month}} are known.", prefix=prefix)
    return prefix
