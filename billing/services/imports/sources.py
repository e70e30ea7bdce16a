"""What a file has to import: one table of the kind that staff say, or the tables of another billing system."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import PurePath

from django.conf import settings

from billing.rules.errors import Refused
from billing.services.imports import dumps, foreign, kinds, reading
from billing.services.imports.files import Upload
from billing.services.imports.reading import Row
from billing.words import gettext_lazy as _

NOTHING_KNOWN = _(
    "It has no table that is known. Bring in a dump or the tables of PHPNuxBill or daloRADIUS, or one CSV file."
)


def read(content: bytes, *, kind: str) -> list[Upload]:
    """The rows of a file by kind, in the order in which they are to be imported.

    A dump, or a ZIP file with CSV files that are called like the tables, has kinds of its own.

    Raises:
        Refused: it cannot be read, is empty or too long.
    """
    if content[:4] == reading.ZIP and not reading.is_workbook(content):
        return _known(_of_zip(content))
    if content[:4] != reading.ZIP and dumps.is_dump(text := reading.decoded(content)):
        return _known(dumps.tables(text, foreign.WANTED))
    known = [name for names in kinds.names_of(kind).values() for name in names]
    has_secrets = any(one.is_secret for one in kinds.FIELDS[kind])
    table = reading.table(content, [*known, *kinds.own_names(kind)], seals=has_secrets)
    if name := foreign.named_like(table.head):
        return _known({name: (table.head, table.rows)})
    return [Upload(kind, table.head, table.rows, left_out=table.left_out, sealed=table.sealed)]


def _of_zip(content: bytes) -> dict[str, tuple[Sequence[str], Sequence[Row]]]:
    """The tables of a ZIP file by the names of the files in it."""
    found: dict[str, tuple[Sequence[str], Sequence[Row]]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        reading.check_size(package)
        for file in package.infolist():
            name = PurePath(file.filename).stem.lower()
            if name in foreign.WANTED:
                table = reading.table(package.read(file), ())
                found[name] = (table.head, table.rows)
    return found


def _known(tables: foreign.Tables) -> list[Upload]:
    for name, (_heads, rows) in tables.items():
        if len(rows) > settings.IMPORT_MAX_ROWS:
            raise Refused(
                "The table {name} has more than {import_max_rows} rows. Divide it.",
                name=name,
                import_max_rows=f"{settings.IMPORT_MAX_ROWS:,}",
            )
    found = foreign.uploads(tables)
    if not found:
        raise Refused(NOTHING_KNOWN)
    return found
