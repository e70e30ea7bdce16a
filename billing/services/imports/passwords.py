"""Passwords in a file that is brought in: sealed as they are read, opened only to be checked and set (decision 56)."""

from __future__ import annotations

from base64 import b64decode, b64encode

from django.conf import settings
from django.db import connection

from billing.models import ImportedFile
from billing.rules import cells
from billing.rules.cells import Cell
from billing.rules.errors import Refused
from billing.services.network import sealing

PLACES = "sealed"  # the option of a file that has the numbers of its sealed columns
MARK = "sealed:"
MASK = "••••••"
_FORGET = """
    UPDATE billing_importedrow SET cells = jsonb_set(cells, ARRAY[%(place)s::text], to_jsonb(%(mark)s::text))
    WHERE file_id = %(file)s AND cells ->> %(place)s <> ''
"""


def sealed(cell: Cell) -> str:
    """How a password is kept: sealed, or as the mark alone when there is no key to seal it with.

    Of one that is longer than can be sealed the beginning is kept: it is too long to be taken anyway.
    """
    text = cells.text(cell).encode()[: sealing.LONGEST].decode(errors="ignore")
    if not text or not settings.NETWORK_KEY:
        return MARK if text else ""
    return MARK + b64encode(sealing.seal(text)).decode()


def opened(kept: str) -> str:
    """The password in clear of what ``sealed`` gave.

    Raises:
        Refused: it was not kept, is only the mask of one, or cannot be opened.
    """
    if kept == MARK:
        raise Refused(
            "There was no NETWORK_KEY when the file was brought in, so its passwords were not kept. Set the key, and "
            "bring the file in again."
        )
    text = sealing.unseal(b64decode(kept.removeprefix(MARK)))
    if text == MASK:
        raise Refused("This stands where a password was, which is not given back. Write the password there.")
    return text


def shown(cell: Cell) -> str:
    """A cell as people may read it."""
    text = cells.text(cell)
    return MASK if text.startswith(MARK) else text


def forget(file: ImportedFile) -> None:
    """Keep no password of the rows any longer, not even sealed."""
    with connection.cursor() as cursor:
        for place in file.options.get(PLACES, ()):
            cursor.execute(_FORGET, {"file": file.pk, "place": place, "mark": MARK})
