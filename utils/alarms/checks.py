"""System checks of the settings that name where alarms go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

DEAD_MAN_ENTRY = re.compile(r"(\w+) *= *(\S.*)")


@register()
def mail_can_be_sent(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.ALARM_EMAILS:
        return []
    errors: list[CheckMessage] = []
    if not settings.EMAIL_HOST:
        errors.append(
            Error(
                "ALARM_EMAILS is set, but EMAIL_HOST is not.",
                hint="Name the mail server, such as EMAIL_HOST=mail.example.net, or leave ALARM_EMAILS empty.",
                id="utils.E021",
            )
        )
    named = {"ALARM_EMAILS": settings.ALARM_EMAILS, "DEFAULT_FROM_EMAIL": [settings.DEFAULT_FROM_EMAIL]}
    for name, addresses in named.items():
        errors += [
            Error(
                f"{name}: {address!r} is not an e-mail address.",
                hint="Write it as alarms@example.net, several with commas between them.",
                id="utils.E022",
            )
            for address in addresses
            if not _is_email(address)
        ]
    return errors


@register()
def addresses_are_of_the_web(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} is not an http or https address.",  # not shown: it may hold a secret
            hint="Write it as https://host/path.",
            id="utils.E023",
        )
        for name, address in _web_addresses()
        if not _is_web_address(address)
    ]


@register()
def dead_man_addresses_name_their_jobs(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            "DEAD_MAN_URLS has an entry that is not of the form job=address.",
            hint="Write it as check_expired_subscriptions=https://host/path, several with commas between them.",
            id="utils.E024",
        )
        for entry in settings.DEAD_MAN_URLS
        if not DEAD_MAN_ENTRY.fullmatch(entry)
    ]


def _web_addresses() -> Iterator[tuple[str, str]]:
    if settings.ALARM_WEBHOOK_URL:
        yield "ALARM_WEBHOOK_URL", settings.ALARM_WEBHOOK_URL
    for entry in settings.DEAD_MAN_URLS:
        if match := DEAD_MAN_ENTRY.fullmatch(entry):
            yield f"DEAD_MAN_URLS: that of {match[1]}", match[2]


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and address.isascii() and " " not in address


def _is_email(address: str) -> bool:
    try:
        validate_email(parseaddr(address)[1])
    except ValidationError:
        return False
    return True
