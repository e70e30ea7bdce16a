"""Sessions that know whose they are, so that staff see where they are signed in and can end it.

This is the ``SESSION_ENGINE``: Django's sessions in the database, with user, address and browser beside them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from billing.models import StaffSession

SIGNED_IN = "signed_in"
MOST_LETTERS = 300  # of what a browser calls itself


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return StaffSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        signed_in = data.get(SIGNED_IN, {})
        row.began_at = signed_in.get("at")
        row.address = signed_in.get("address")
        row.browser = signed_in.get("browser", "")
        return row


def note_sign_in(session: Any, user: Any, *, address: str | None, browser: str, now: datetime) -> None:
    """Keep in ``session`` from where it began, and forget the user's sessions that have ended by themselves."""
    session[SIGNED_IN] = {"at": now.isoformat(), "address": address, "browser": browser[:MOST_LETTERS]}
    _rows(user).filter(expire_date__lt=now).delete()


def of_user(user: Any, *, now: datetime) -> list[Any]:
    """The sessions that ``user`` could go on with, the last first; a change of the password ends those before it."""
    rows = _rows(user).filter(expire_date__gt=now).order_by("-began_at")
    password, read = user.get_session_auth_hash(), SessionStore().decode
    return [row for row in rows if read(row.session_data).get(HASH_SESSION_KEY) == password]


def end_others(user: Any, kept: str | None) -> None:
    """End every session of ``user`` but the one with the key ``kept``."""
    _rows(user).exclude(session_key=kept).delete()


def _rows(user: Any) -> Any:
    return StaffSession.objects.filter(user=user)
