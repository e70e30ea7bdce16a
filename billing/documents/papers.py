"""What can be printed, before it is: a template, what it is filled with, and the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from billing.models import Customer


@dataclass(frozen=True)
class Paper:
    """One document to be written down; ``name`` is that of its file, without the ending.

    ``size`` is "a4", "a5" or "roll", the 80 mm roll of receipt printers.
    """

    template: str
    name: str
    language: str
    content: dict[str, Any]
    size: str = "a4"


def language_of(customer: Customer) -> str:
    """The language in which this customer reads; the installation's, when nobody chose one."""
    language: str = customer.language or settings.LANGUAGE_CODE
    return language
