"""The work on files that staff bring in, batch by batch: what the rows are to do is found out first, and done later.

A batch that was cut off is begun again: the services do nothing twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing.models import ImportedFile, ImportedRow
from billing.rules.errors import Refused
from billing.services.imports import files, kinds, passwords
from billing.services.imports.network_columns import ADDRESS
from billing.services.imports.values import Found, Outcome, Values
from billing.words import gettext_noop

logger = logging.getLogger(__name__)

CHECKED_AT_ONCE = 1000
IMPORTED_AT_ONCE = 250
Status = ImportedFile.Status

_WRITE = """
    UPDATE billing_importedrow AS stored
    SET outcome = found.outcome, message = found.message, key = found.key, amount = found.amount
    FROM jsonb_to_recordset(%s) AS found (id bigint, outcome text, message text, key text, amount numeric)
    WHERE stored.id = found.id
"""
# Of rows that are the same thing the first one counts.
_REPEATED = """
    UPDATE billing_importedrow AS stored SET outcome = 'refused', message = format(%(message)s, first)
    FROM (SELECT id, first_value(position) OVER (PARTITION BY key ORDER BY position) AS first, position
          FROM billing_importedrow WHERE file_id = %(file)s AND key <> '') AS known
    WHERE known.id = stored.id AND known.position > known.first AND stored.outcome IN ('new', 'changed', 'suspended')
"""
# The first row that may have an address counts; the others had valid ones, too, or they would be refused already.
_SAME_ADDRESS = """
    UPDATE billing_importedrow AS stored SET outcome = 'refused', message = format(%(message)s, first)
    FROM (SELECT id, first_value(position) OVER (PARTITION BY (cells ->> %(place)s)::inet ORDER BY position) AS first
          FROM billing_importedrow
          WHERE file_id = %(file)s AND outcome IN ('new', 'changed', 'same') AND cells ->> %(place)s <> '') AS known
    WHERE known.id = stored.id AND stored.position > known.first AND stored.outcome IN ('new', 'changed')
"""
SAME_ADDRESS = gettext_noop("Row %s of the file has the same fixed address. Correct one of the two.")
REPEATED = gettext_noop("Row %s of the file is the same. Take one of the two out, or correct it.")


def carry_out(*, now: datetime) -> int | None:
    """Check or import the next rows of the oldest file; how many. None when no file waits.

    A file that cannot be worked on is given up with the reason, and the next one is not held up.
    """
    file = files.next_file(now=now)
    if file is None:
        return None
    try:
        return _check(file, now) if file.status == Status.CHECKING else _import(file, now)
    except (Refused, LookupError, TypeError, ValueError) as error:
        logger.exception("Import %d cannot be carried out", file.pk)
        files.fail(file, str(error) or type(error).__name__, now=now)
        return 0


def _check(file: ImportedFile, now: datetime) -> int:
    rows = list(file.rows.filter(position__gt=file.done).order_by("position")[:CHECKED_AT_ONCE])
    found = kinds.kind_of(file, now=now).found(_values(file, rows))
    with transaction.atomic():
        if not _is_ours(file, len(rows)):
            return 0
        _write(rows, found)
        if file.done + len(rows) == file.total:
            _refuse_repeated(file)
            _move(file, Status.CHECKED)
    return len(rows)


def _values(file: ImportedFile, rows: Sequence[ImportedRow]) -> list[Values]:
    return [Values(row, file.mapping, file.options) for row in rows]


def _import(file: ImportedFile, now: datetime) -> int:
    rows = list(file.rows.filter(position__gt=file.done).order_by("position")[:IMPORTED_AT_ONCE])
    wanted = [row for row in rows if row.outcome in files.IMPORTED]
    done = _done(file, wanted, now)
    with transaction.atomic():
        if not _is_ours(file, len(rows)):
            return 0
        _write(wanted, done)
        if file.done + len(rows) == file.total:
            _move(file, Status.DONE, ended_at=now)
            passwords.forget(file)
    return len(rows)


def _done(file: ImportedFile, rows: Sequence[ImportedRow], now: datetime) -> list[Found]:
    """What became of the rows: what can be done for many at once is, and the others are done one by one.

    What an earlier try at the same rows did counts as done now.
    """
    kind, is_again = kinds.kind_of(file, now=now), file.tries > 0
    found = kind.found(_values(file, rows))
    written = {id(one) for one in kind.together(found)}
    done = []
    for row, one in zip(rows, found, strict=True):
        if is_again and one.outcome == Outcome.SAME:
            done.append(Found(row.outcome, row.message, None, row.key, row.amount))
        else:
            done.append(one if id(one.writes) in written else _alone(row, one))
    return done


def _alone(row: ImportedRow, found: Found) -> Found:
    if found.act is None:
        return found
    try:
        return found.act() or found
    except Refused as refused:
        return Found(Outcome.REFUSED, str(refused), None, found.key, found.amount)
    except (IntegrityError, DataError) as error:
        logger.warning("Row %s cannot be imported: %s", row, type(error).__name__)
        return Found(Outcome.REFUSED, _("The database does not take it as it is. Check the row."), None, found.key)


def _is_ours(file: ImportedFile, count: int) -> bool:
    """Whether the file still is as it was read: not cancelled, not chosen anew, and its rows done by nobody else."""
    chosen = {"mapping": file.mapping, "options": file.options}
    same = ImportedFile.objects.filter(pk=file.pk, status=file.status, done=file.done, **chosen)
    return bool(same.update(done=F("done") + count, tries=0))


def _move(file: ImportedFile, status: str, **changes: object) -> None:
    again = {"done": 0} if status == Status.CHECKED else {}
    ImportedFile.objects.filter(pk=file.pk).update(status=status, **again, **changes)


def _write(rows: Sequence[ImportedRow], found: Sequence[Found]) -> None:
    values = [
        {
            "id": row.pk,
            "outcome": one.outcome,
            "message": one.message[:300],
            "key": one.key[:160],
            "amount": None if one.amount is None else str(one.amount),
        }
        for row, one in zip(rows, found, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(values)])


def _refuse_repeated(file: ImportedFile) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, {"message": _(REPEATED), "file": file.pk})
        if ADDRESS in file.mapping:
            place = file.mapping[ADDRESS]
            cursor.execute(_SAME_ADDRESS, {"message": _(SAME_ADDRESS), "file": file.pk, "place": place})
