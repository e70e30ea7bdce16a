"""Another NETWORK_KEY: all that is sealed is opened with the present one and sealed with the new one (decision 40)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from billing.models import ImportedFile, NetworkAccount, Router
from billing.rules.errors import Refused, said
from billing.services import audit, locks
from billing.services.imports import files, passwords
from billing.services.network import sealing
from billing.services.wording import of_the_books
from billing.words import gettext_noop

AT_ONCE = 1000
MOST_NAMED = 20
LONGEST_WAIT = 30  # seconds for whoever writes at the moment
# Who reads goes on, FreeRADIUS above all. The triggers are off: what is wanted of the network stays the same, so no
# router is to hear of it, and the audit gets one line instead of one for each row.
_LOCK = """
    LOCK TABLE billing_importedfile, billing_networkaccount, billing_router IN SHARE ROW EXCLUSIVE MODE;
    ALTER TABLE billing_networkaccount DISABLE TRIGGER USER;
    ALTER TABLE billing_router DISABLE TRIGGER USER;
"""
_RELEASE = """
    ALTER TABLE billing_networkaccount ENABLE TRIGGER USER;
    ALTER TABLE billing_router ENABLE TRIGGER USER;
"""


@dataclass(frozen=True)
class Column:
    """One column of sealed values: of which table, its key, what names a row, and how it is told."""

    model: type[NetworkAccount] | type[Router]
    name: str
    key: str
    named_by: str
    of: str


COLUMNS = (
    Column(
        NetworkAccount, "password_sealed", "subscription_id", "subscription__login", gettext_noop("password of {name}")
    ),
    Column(Router, "secret_sealed", "id", "name", gettext_noop("secret of {name}")),
    Column(Router, "rest_password_sealed", "id", "name", gettext_noop("REST password of {name}")),
)


@dataclass
class Done:
    """How many values of each column were sealed anew, and whose cannot be opened."""

    counts: dict[str, int] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def change(new_key: str, *, tell: Callable[[int, int], None]) -> Done:
    """Seal everything with ``new_key``; all of it or nothing. ``tell`` hears how many of how many are done.

    Nobody else writes accounts and routers meanwhile. What a policy's class is made of is not touched, so no session
    is ended by it.

    Raises:
        Refused: one of the keys cannot be, a value cannot be opened with the present one, an import with passwords
            is open, or somebody writes for too long.
    """
    _check(new_key)
    try:
        return _changed(new_key, tell)
    except OperationalError as error:
        if not locks.waited_too_long(error):
            raise
        raise Refused(
            "Somebody else writes accounts or routers for long. Stop the other programs, and try again."
        ) from error


def _check(new_key: str) -> None:
    if not settings.NETWORK_KEY:
        raise Refused("There is no NETWORK_KEY, so nothing is sealed: set it to the new one.")
    if not sealing.KEYS.fullmatch(new_key):
        raise Refused("The new key needs 32 to 200 letters, digits, “-” or “_”, and nothing else.")
    if new_key == settings.NETWORK_KEY:
        raise Refused("The new key is the present one. Make another.")


@transaction.atomic(durable=True)
def _changed(new_key: str, tell: Callable[[int, int], None]) -> Done:
    with connection.cursor() as cursor:
        locks.wait_at_most(LONGEST_WAIT)
        cursor.execute(_LOCK)
        _refuse_open_imports()
        total = sum(_filled(column).count() for column in COLUMNS)
        done = Done()
        for column in COLUMNS:
            done.counts[column.name] = 0
            for rows in _batches(column):
                execute_values(cursor.cursor, _update(column), list(_sealed_anew(rows, new_key, column, done)))
                done.counts[column.name] += len(rows)
                tell(done.total, total)
        if done.closed:
            raise _refusal(done.closed)
        cursor.execute(_RELEASE)
    with of_the_books():
        audit.note_of("billing.router", "", "NETWORK_KEY", _("Changed: all that is sealed is sealed with a new key."))
    return done


def _refuse_open_imports() -> None:
    for file in ImportedFile.objects.filter(status__in=files.OPEN):
        if file.options.get(passwords.PLACES):
            raise Refused("The import “{file}” has sealed passwords. Finish or cancel it first.", file=file)


def _filled(column: Column) -> QuerySet[Any]:
    return column.model._default_manager.exclude(**{column.name: None}).order_by(column.key)


def _batches(column: Column) -> Iterator[list[Any]]:
    """(key, what names the row, sealed value) of all rows, in the order of their keys."""
    rows = _filled(column).values_list(column.key, column.named_by, column.name)
    batch = list(rows[:AT_ONCE])
    while batch:
        yield batch
        batch = list(rows.filter(**{f"{column.key}__gt": batch[-1][0]})[:AT_ONCE])


def _sealed_anew(rows: Sequence[Any], new_key: str, column: Column, done: Done) -> Iterator[tuple[int, bytes]]:
    for key, name, sealed in rows:
        try:
            yield key, sealing.seal(sealing.unseal(sealed), key=new_key)
        except sealing.WrongKey:
            done.closed.append(said(column.of, name=name))


def _update(column: Column) -> str:
    table = column.model._meta.db_table
    return (
        f"UPDATE {table} AS stored SET {column.name} = given.sealed "  # noqa: S608  (names of ours)
        f"FROM (VALUES %s) AS given (key, sealed) WHERE stored.{column.key} = given.key"
    )


def _refusal(closed: Sequence[str]) -> Refused:
    more = len(closed) - MOST_NAMED
    return Refused(
        "{count} cannot be opened with the present NETWORK_KEY, so nothing was changed: {shown}. Put the key back with "
        "which they were sealed, or give them new passwords and secrets first.",
        count=len(closed),
        shown=", ".join(closed[:MOST_NAMED]) + (f" (+{more})" if more > 0 else ""),
    )
