"""What people type after a command, read or refused with a clear word."""

from __future__ import annotations

import argparse
from datetime import date, datetime

from billing.services import clock

YEARS = range(1970, 3000)  # beyond, a slip of the keyboard


def day(text: str) -> date:
    """A date such as ``2026-03-31``."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it like 2026-03-31") from error


def instant(text: str) -> datetime:
    """An instant such as ``2026-03-31T18:00``, in the installation's zone when it names none."""
    try:
        found = datetime.fromisoformat(text)
        if found.year not in YEARS:
            raise ValueError(text)
    except ValueError as error:
        message = f"{text!r} is not an instant; write it like 2026-03-31T18:00 or 2026-03-31"
        raise argparse.ArgumentTypeError(message) from error
    return found if found.tzinfo else found.replace(tzinfo=clock.zone())
