"""System checks of the environment; they stop the start with an id and a hint."""

from __future__ import annotations

from ipaddress import ip_network
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
    "PRINTING_CRON",
    "IMPORT_CRON",
    "DELIVERY_CRON",
    "RECONCILE_CRON",
    "USAGE_CRON",
    "FIGURES_CRON",
    "VERIFY_BOOKS_CRON",
)
SHORTEST_TOKEN = 20
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


@register()
def metrics_are_protected(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for network in settings.METRICS_NETWORKS:
        try:
            ip_network(network)
        except ValueError as error:
            hint = "Write networks with a comma between them, such as 127.0.0.1/32,10.0.0.0/8."
            errors.append(Error(f"METRICS_NETWORKS: {error}.", hint=hint, id="utils.E010"))
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        hint = f"Set it to at least {SHORTEST_TOKEN} random characters, made by: {GENERATE_KEY}"
        errors.append(Error("METRICS_TOKEN is too short.", hint=hint, id="utils.E011"))
    return errors
