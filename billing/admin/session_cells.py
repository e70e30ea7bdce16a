"""How sessions look in tables."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin.formatting import NONE, instant, link
from billing.admin.panels import columns
from billing.models import OnlineSession

UNITS = ("bytes", "kB", "MB", "GB", "TB")
SESSION_COLUMNS = columns("Login", "Address", "Since", "Last heard of", "Down", "Up", "Caller", amounts=("Down", "Up"))


def size(count: int) -> str:
    """A number of bytes as people read it, such as “1.2 GB”."""
    value, step = float(count), 0
    while value >= 1000 and step < len(UNITS) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.1f} {UNITS[step]}" if step else _("{count} bytes").format(count=count)


def size_cell(count: int) -> SafeString:
    """A number of bytes for a column: set to the right, in one line."""
    return format_html('<span class="amount whitespace-nowrap">{}</span>', size(count))


def session_row(session: OnlineSession) -> tuple[object, ...]:
    """One row under ``SESSION_COLUMNS``."""
    return (
        link(session.subscription, session.login) if session.subscription else session.login,
        session.framed_address or NONE,
        instant(session.started_at),
        instant(session.updated_at),
        size_cell(session.download_bytes),
        size_cell(session.upload_bytes),
        session.calling_station or NONE,
    )
