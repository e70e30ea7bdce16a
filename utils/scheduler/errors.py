"""What is told of an error: it can be stored, and no secret stands in it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator

from django.conf import settings

LONGEST = 20_000  # characters
SHORT = 900  # characters; the history table takes 1000
PASSWORD_IN_URL = re.compile(r"(\w://[^/\s:@]*:)[^@\s]+@")
SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD$|KEY$|URLS?$")
ADDRESS = re.compile(r"\w+://[^\s'\"\],]+")
LEAST_SECRET = 8  # characters; a shorter one would be found in innocent words
HIDDEN = "***"


def headline(error: BaseException) -> str:
    """The error in one line."""
    return clean(" ".join(f"{type(error).__name__}: {_text(error)}".split()))[:SHORT]


def report(error: BaseException) -> str:
    """The error in one line, and below it the traceback; of a very long one the end."""
    trace = clean("".join(traceback.format_exception(error)))
    return f"{headline(error)}\n{trace[-LONGEST:]}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "it does not tell what went wrong"


def clean(text: str) -> str:
    """The text without secrets, and without what PostgreSQL cannot store."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    text = PASSWORD_IN_URL.sub(rf"\1{HIDDEN}@", text)
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _secrets() -> Iterator[str]:
    """The values of settings that are secret by their name, and addresses, which may carry a token."""
    yield from _long_enough([settings.DATABASES["default"].get("PASSWORD")])
    for name in dir(settings):
        if SECRET_NAMES.search(name):
            value = getattr(settings, name)
            yield from _long_enough(ADDRESS.findall(str(value)) if "URL" in name else [value])


def _long_enough(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str) and len(value) >= LEAST_SECRET:
            yield value
