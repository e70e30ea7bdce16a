"""System checks of the environment; they stop the start with an id and a hint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from utils import cron

CRON_SETTINGS = (
    "EXPIRY_CHECK_CRON",
    "REMINDERS_CRON",
    "SCHEDULED_CHANGES_CRON",
    "BILLING_RUN_CRON",
    "CLEANUP_CRON",
    "VERIFY_BOOKS_CRON",
)
GENERATE_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(50))'"


@register()
def environment_values_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{problem.name}: {problem.message}.", hint=problem.hint, id="utils.E001")
        for problem in settings.ENVIRONMENT_PROBLEMS
    ]


@register()
def secret_key_is_secret(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    key = settings.SECRET_KEY
    if settings.DEMO:
        return []
    if key == settings.EXAMPLE_SECRET_KEY:
        return [_key_error("is the example from the demo", "utils.E003")]
    if len(key) < 50 or len(set(key)) < 5:
        return [_key_error("is too short or too simple", "utils.E004")]
    return []


def _key_error(fault: str, check_id: str) -> Error:
    return Error(
        f"DJANGO_SECRET_KEY {fault}.",
        hint=f"Set it to at least 50 random characters, made by: {GENERATE_KEY}",
        id=check_id,
    )


@register()
def schedules_are_cron_expressions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for name in CRON_SETTINGS:
        try:
            cron.parse(getattr(settings, name), settings.TIME_ZONE)
        except ValueError as error:
            errors.append(Error(f"{name}: {error}.", hint="Correct it or leave it empty.", id="utils.E005"))
    return errors
