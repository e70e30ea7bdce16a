"""Ways on which an alarm is told: the log, e-mail, and a webhook."""

from __future__ import annotations

import http.client
import json
import logging
import smtplib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from utils.models import Alarm, AlarmNotice

logger = logging.getLogger(__name__)

WEBHOOK_SECONDS = 10.0
SUBJECT_LENGTH = 120

Send = Callable[[AlarmNotice], None]


class Undeliverable(Exception):
    """A notice that did not arrive; the text says why and holds neither an address nor a secret."""


def configured() -> Mapping[str, Send]:
    """The channels that the settings name, and how each carries a notice; raises Undeliverable."""
    channels: dict[str, Send] = {}
    if settings.ALARM_EMAILS:
        channels[AlarmNotice.Channel.MAIL] = send_mail
    if settings.ALARM_WEBHOOK_URL:
        channels[AlarmNotice.Channel.WEBHOOK] = post
    return channels


def line(alarm: Alarm, *, is_end: bool) -> str:
    """What is told of an alarm on every channel."""
    return f"ALARM OVER: {alarm.text}" if is_end else f"ALARM: {alarm.text}"


def log(alarm: Alarm, *, is_end: bool) -> None:
    logger.log(logging.WARNING if is_end else logging.ERROR, "%s", line(alarm, is_end=is_end))


def send_mail(notice: AlarmNotice) -> None:
    """One mail to all of ALARM_EMAILS; a second one of the same notice carries the same Message-ID."""
    text = line(notice.alarm, is_end=notice.is_end)
    subject = f"[{settings.COMPANY_NAME}] {text}"
    message = EmailMessage(
        subject=subject if len(subject) <= SUBJECT_LENGTH else f"{subject[: SUBJECT_LENGTH - 1]}…",
        body=f"{text}\n\n{_times(notice)}",
        to=settings.ALARM_EMAILS,
        headers={"Message-ID": _message_id(notice), "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except smtplib.SMTPResponseException as error:
        raise Undeliverable(f"{type(error).__name__} {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undeliverable(reason(error)) from None


def post(notice: AlarmNotice) -> None:
    """POST the notice as JSON to ALARM_WEBHOOK_URL; any answer but 2xx counts as not delivered."""
    alarm = notice.alarm
    body = {
        "key": alarm.key,
        "text": line(alarm, is_end=notice.is_end),
        "began_at": alarm.began_at.isoformat(),
        "ended_at": alarm.ended_at.isoformat() if notice.is_end and alarm.ended_at else None,
        "installation": settings.COMPANY_NAME,
    }
    headers = {"Content-Type": "application/json"}
    if settings.ALARM_WEBHOOK_TOKEN:
        headers["Authorization"] = f"Bearer {settings.ALARM_WEBHOOK_TOKEN}"
    try:
        request(settings.ALARM_WEBHOOK_URL, json.dumps(body).encode(), headers, timeout=WEBHOOK_SECONDS)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Undeliverable(reason(error)) from None


class _NoRedirects(HTTPRedirectHandler):
    """An answer that leads elsewhere is an error: the token is for the address that was set, and POST stays POST."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def request(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> None:
    """POST to an http or https address; raises OSError, HTTPException or ValueError, also for an answer not 2xx."""
    with build_opener(_NoRedirects).open(Request(url, body, dict(headers)), timeout=timeout):  # noqa: S310
        pass


def reason(error: Exception) -> str:
    """Why a delivery failed, without what the other side said and without the address."""
    if isinstance(error, HTTPError):
        return f"the answer was HTTP {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        return reason(error.reason)
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__


def _times(notice: AlarmNotice) -> str:
    moments = {"Began": notice.alarm.began_at, "Ended": notice.alarm.ended_at if notice.is_end else None}
    return "".join(
        f"{name}: {timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}\n" for name, moment in moments.items() if moment
    )


def _message_id(notice: AlarmNotice) -> str:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ")
    return f"<alarm-{notice.pk}-{int(notice.alarm.began_at.timestamp())}@{domain}>"
