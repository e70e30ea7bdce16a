"""Files that staff bring in: uploaded, their columns chosen, checked, imported or cancelled; and forgotten later."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from billing.models import ImportedFile, ImportedRow
from billing.rules import cells
from billing.rules.errors import Refused
from billing.services.imports import kinds, passwords
from billing.services.imports.reading import Row
from billing.words import gettext_lazy

MOST_TRIES = 3
Status = ImportedFile.Status
WORKING = (Status.CHECKING, Status.IMPORTING)
OPEN = (Status.UPLOADED, Status.CHECKED, *WORKING)
IMPORTED = (ImportedRow.Outcome.NEW, ImportedRow.Outcome.CHANGED, ImportedRow.Outcome.SUSPENDED)
ENDED_ALREADY = gettext_lazy("It has gone on meanwhile. Load the page again.")


@dataclass(frozen=True)
class Upload:
    """Rows of one kind; with ``mapping`` when it is known in which columns the fields stand.

    ``sealed`` are the numbers of the columns that have passwords, sealed.
    """

    kind: str
    head: Sequence[str]
    rows: Sequence[Row]
    mapping: Mapping[str, int] | None = None
    left_out: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    sealed: Sequence[int] = ()


@dataclass(frozen=True)
class Tally:
    """How many rows have an outcome, and what they sum up to; None for rows without amounts."""

    outcome: str
    count: int
    amount: Decimal | None


def upload(uploads: Sequence[Upload], *, name: str, by: Any, now: datetime, request_key: UUID) -> list[ImportedFile]:
    """Keep the rows of a file; a second call with the same ``request_key`` gives the first one's files."""
    if earlier := _of_request(request_key):
        return earlier
    try:
        with transaction.atomic(durable=True):
            return [_kept(one, name, by, now, request_key) for one in uploads]
    except IntegrityError:  # the same form, sent twice at once
        return _of_request(request_key)


def _kept(one: Upload, name: str, by: Any, now: datetime, request_key: UUID) -> ImportedFile:
    mapping = one.mapping or kinds.guessed(one.kind, one.head, one.sealed)
    file = ImportedFile.objects.create(
        kind=one.kind,
        name=name[-200:],
        head=list(one.head),
        mapping=dict(mapping),
        options={**_usual(one, mapping), **one.options, passwords.PLACES: list(one.sealed)},
        left_out=list(one.left_out),
        total=len(one.rows),
        request_key=request_key,
        uploaded_at=now,
        uploaded_by=by,
    )
    _copy(file, one.rows)
    return file


def _usual(one: Upload, mapping: Mapping[str, int]) -> dict[str, str]:
    """How amounts and days are probably written in these rows."""
    sample = one.rows[:200]
    amounts = [row[mapping[name]] for name in ("amount", "balance", "price") if name in mapping for row in sample]
    days = [row[mapping[name]] for name in kinds.DAYS if name in mapping for row in sample]
    return {"decimals": cells.usual_decimals(amounts), "order": cells.usual_order(days)}


def _copy(file: ImportedFile, rows: Sequence[Row]) -> None:
    text, twins = io.StringIO(), Counter[str]()
    writer = csv.writer(text)
    for position, row in enumerate(rows, 1):
        said = json.dumps(row, ensure_ascii=False)
        writer.writerow((file.pk, position, twins[said], said))
        twins[said] += 1
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY billing_importedrow (file_id, position, twin, cells) FROM STDIN (FORMAT csv)", text)


def _of_request(request_key: UUID) -> list[ImportedFile]:
    return list(ImportedFile.objects.filter(request_key=request_key).order_by("pk"))


def check(file: ImportedFile, *, mapping: Mapping[str, int], options: Mapping[str, Any]) -> ImportedFile:
    """Have the rows checked with these columns; again when others are chosen than before.

    Raises:
        Refused: a needed field has no column, a secret one that is not sealed, or the file is being imported or has
            ended.
    """
    missing = [_(one.label) for one in kinds.FIELDS[file.kind] if one.is_needed and one.name not in mapping]
    if missing:
        raise Refused("Choose the column of: {missing}.", missing=", ".join(missing))
    sealed = file.options.get(passwords.PLACES, ())
    if wrong := [
        one for one in kinds.FIELDS[file.kind] if one.name in mapping and one.is_secret != (mapping[one.name] in sealed)
    ]:
        raise Refused("{label} cannot stand in the column that was chosen.", label=_(wrong[0].label))
    chosen = {"mapping": dict(mapping), "options": {**file.options, **options}}
    _go_on(file, (Status.UPLOADED, Status.CHECKED, Status.CHECKING), Status.CHECKING, **chosen)
    return file


def begin_import(file: ImportedFile, *, by: Any, now: datetime) -> None:
    """Have the rows imported that were checked.

    Raises:
        Refused: they are not checked, or nothing of them is to be done.
    """
    if not file.rows.filter(outcome__in=IMPORTED).exists():
        raise Refused("There is nothing to import: every row is there already, left out or cannot be imported.")
    _go_on(file, (Status.CHECKED,), Status.IMPORTING, ordered_by=by, ordered_at=now)


def cancel(file: ImportedFile, *, now: datetime) -> None:
    """Go no further; what is imported stays.

    Raises:
        Refused: it has ended.
    """
    _go_on(file, OPEN, Status.CANCELLED, done=F("done"), ended_at=now)


def fail(file: ImportedFile, reason: str, *, now: datetime) -> None:
    """Give the file up; what is imported stays."""
    _go_on(file, OPEN, Status.FAILED, done=F("done"), ended_at=now, error=reason[:500])


def _go_on(file: ImportedFile, before: Sequence[str], status: str, **changes: Any) -> None:
    rows = ImportedFile.objects.filter(pk=file.pk, status__in=before)
    if not rows.update(**{"status": status, "done": 0, "tries": 0, **changes}):
        raise Refused(ENDED_ALREADY)
    if "ended_at" in changes:
        passwords.forget(file)


def is_anything_waiting() -> bool:
    """Whether there is something to check or to import."""
    return ImportedFile.objects.filter(status__in=WORKING).exists()


def who_ordered() -> int | None:
    """The id of who wants what ``next_file`` gives; None when nothing waits."""
    rows = ImportedFile.objects.filter(status__in=WORKING).order_by("pk")
    return rows.values_list(Coalesce("ordered_by", "uploaded_by"), flat=True).first()


def next_file(*, now: datetime) -> ImportedFile | None:
    """The oldest file to work on, with one try more on its next rows; None when there is none.

    One whose rows ended the process ``MOST_TRIES`` times is given up instead.
    """
    while file := ImportedFile.objects.filter(status__in=WORKING).select_related("ordered_by").order_by("pk").first():
        if file.tries < MOST_TRIES:
            ImportedFile.objects.filter(pk=file.pk).update(tries=F("tries") + 1)
            return file
        fail(
            file,
            _("The rows after row {done} ended the program. Leave them out, or tell an administrator.").format(
                done=file.done
            ),
            now=now,
        )
    return None


def tallies(file: ImportedFile) -> list[Tally]:
    """The rows by what they are to do or did, those that do something first."""
    rows = file.rows.exclude(outcome="").order_by().values("outcome")
    counted = rows.annotate(rows_=Count("pk"), sum_=Sum("amount"))
    found = {row["outcome"]: Tally(row["outcome"], row["rows_"], row["sum_"]) for row in counted}
    return [found[outcome] for outcome in ImportedRow.Outcome.values if outcome in found]


def errors(file: ImportedFile) -> Iterator[list[Any]]:
    """The rows that cannot be imported as they were read, each with what is wrong."""
    refused = file.rows.filter(outcome=ImportedRow.Outcome.REFUSED).order_by("position")
    for position, row, message in refused.values_list("position", "cells", "message").iterator():
        yield [*map(passwords.shown, row), str(position), message]


def forget(*, before: datetime) -> int:
    """Delete the rows of files that ended, or were left lying, before then; how many.

    That there was a file, who brought it in and how it ended stays.
    """
    left = ImportedFile.objects.filter(status__in=(Status.UPLOADED, Status.CHECKED), uploaded_at__lt=before)
    left.update(status=Status.CANCELLED, ended_at=before)
    return ImportedRow.objects.filter(file__ended_at__lte=before).delete()[0]
