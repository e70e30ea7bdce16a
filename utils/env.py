"""Read the environment without ever crashing on a wrong value.

A value that cannot be used is replaced by its default and remembered in ``problems``;
the system checks (``utils.checks``) turn every entry into an error with a hint, so that
an operator sees all mistakes at once and never a traceback. ``changed`` has the names
whose value is not their default.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
POSTGRESQL_SCHEMES = {"postgres", "postgresql", "pgsql"}
FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True)
class Problem:
    """One variable whose value cannot be used, and what to write instead."""

    name: str
    message: str
    hint: str


class Env:
    """Typed access to the environment; every variable also has a ``NAME_FILE`` form."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.changed: set[str] = set()
        self._env = environ.FileAwareEnv()

    def text(self, name: str, default: str = "") -> str:
        return self._noted(name, self._read(name, default), default)

    def _read(self, name: str, default: str = "") -> str:
        try:
            value: str = self._env.str(name, default=default)
        except (ImproperlyConfigured, OSError) as error:
            self._remember(name, f"the file named by {name}_FILE cannot be read: {error}", "Check its path and mode.")
            return default
        return value.strip()

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def flag(self, name: str, default: bool) -> bool:
        return self._parsed(name, default, _flag, "Write 1 or 0.")

    def number(self, name: str, default: int, *, least: int, most: int | None = None) -> int:
        def parse(text: str) -> int:
            value = int(text)
            if value < least or (most is not None and value > most):
                raise ValueError(text)
            return value

        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        return self._parsed(name, default, parse, f"Write a whole number {bounds}.")

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        def parse(text: str) -> str:
            return {choice.lower(): choice for choice in choices}[text.lower()]

        return self._parsed(name, default, parse, f"Write one of: {', '.join(choices)}.")

    def time_zone(self, name: str, default: str) -> str:
        def parse(text: str) -> str:
            return ZoneInfo(text).key

        return self._parsed(name, default, parse, "Write a name of the tz database, such as Europe/Rome or Asia/Dhaka.")

    def secret_key(self, name: str, default: str) -> str:
        """The key, or a random one for this process while the missing one is reported."""
        key = self.text(name, default)
        if not key:
            self._remember(name, "it is empty", "Set it to at least 50 random characters, or DEMO=1 to try things out.")
        return key or secrets.token_urlsafe(50)

    def database(self, url: str) -> dict[str, Any]:
        """Django's connection parameters of a ``postgres://user:password@host:port/name`` URL."""
        if url.partition("://")[0] not in POSTGRESQL_SCHEMES:
            hint = "Write postgres://user:password@host:5432/name, or leave it empty for the embedded PostgreSQL."
            self._remember("DATABASE_URL", "it is not the URL of a PostgreSQL database", hint)
            url = "postgres://localhost/django_db"
        return {**environ.Env.db_url_config(url), "ENGINE": "django.db.backends.postgresql"}

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], hint: str) -> T:
        text = self._read(name)
        if not text:
            return default
        try:
            return self._noted(name, parse(text), default)
        except (ValueError, KeyError, OSError):
            self._remember(name, f"{text!r} is not a value that can be used", hint)
            return default

    def _noted(self, name: str, value: T, default: T) -> T:
        if value != default:
            self.changed.add(name)
        return value

    def _remember(self, name: str, message: str, hint: str) -> None:
        self.problems.append(Problem(name, message, hint))


def _flag(text: str) -> bool:
    word = text.lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError(text)
