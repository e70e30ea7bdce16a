"""Notes of staff about a customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import Customer, CustomerNote
from billing.services import locks, requests, texts
from billing.words import gettext_lazy as _

LONGEST = 500  # letters
MISSING = _("Write what your colleagues should know.")


@transaction.atomic(durable=True)
def write(
    *, customer: Customer, text: str, now: datetime, by: Any = None, request_key: UUID | None = None
) -> CustomerNote:
    """Add a note; the same call again with the same ``request_key`` gives the first one's.

    Raises:
        Refused: no text, more than 500 letters, or a repeated key with another text.
    """
    locks.customer(customer.pk)
    note = CustomerNote(
        customer=customer,
        text=texts.checked(text, longest=LONGEST, missing=MISSING),
        written_at=now,
        written_by=by,
        request_key=request_key,
    )
    if earlier := requests.answer(requests.earlier(CustomerNote, request_key), note, ("customer_id", "text")):
        return earlier
    note.save(force_insert=True)
    return note
