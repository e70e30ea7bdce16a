"""Who acts, and from where: told to PostgreSQL, which writes it beside every change into the audit.

It is a setting of the session, so a pooler in transaction mode must not stand between us and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from django import db
from django.db import connection
from django.http import HttpRequest, HttpResponse

from utils.sign_in.addresses import client_address

PAGE, JOB, COMMAND = "page", "job", "command"
LOOKS_ONLY = {"GET", "HEAD", "OPTIONS", "TRACE"}
LONGEST = 200  # letters of a place

_TELL = "SELECT set_config('billing.origin', %s, false)"
_now: ContextVar[str] = ContextVar("origin", default="")


@contextmanager
def acting(door: str, place: str, *, actor: int | None = None, address: str | None = None) -> Iterator[None]:
    """Until the block ends, what this thread writes comes from there.

    Args:
        door: PAGE, JOB or COMMAND.
        place: the page's path, the job's id or the command's name.
        actor: the id of the member of staff, when there is one.
    """
    before = _now.get()
    place = place.replace("\x00", "")[:LONGEST]
    _set(json.dumps({"door": door, "place": place, "actor": actor, "address": address}))
    try:
        yield
    finally:
        # A session that cannot be told is broken, and the next one is told when it begins.
        with suppress(db.Error):
            _set(before)


def tell_new_session(connection: Any, **kwargs: Any) -> None:
    """The receiver of ``connection_created``."""
    if _now.get():
        _tell(connection, _now.get())


def _set(origin: str) -> None:
    _now.set(origin)
    if connection.connection is not None:
        _tell(connection, origin)


def _tell(session: Any, origin: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(_TELL, [origin])


class OriginMiddleware:
    """Tells it for every request that may change something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in LOOKS_ONLY:
            return self.get_response(request)
        with acting(PAGE, request.path, actor=request.user.pk, address=client_address(request)):
            return self.get_response(request)
