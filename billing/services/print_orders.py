"""Bills that staff ordered to be printed in one file: ordered, made part by part, kept for some days.

The rows are written here; what makes the PDF is in ``billing.documents.batches``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from billing.models import Bill, PrintOrder, PrintPart
from billing.rules.errors import Refused
from billing.services import texts

MOST_BILLS = 5_000  # in one file, which is joined in memory: some 200 MB for so many
MOST_FILES = 20
MOST_TRIES = 3
PIECE = 1 << 20  # bytes of a finished file in one row

Status = PrintOrder.Status


def order(*, bills: QuerySet[Bill], what: str, by: Any, now: datetime, request_key: UUID) -> list[PrintOrder]:
    """Order the issued ones of ``bills`` in their order of issue, in as many files as they take.

    A second call with the same ``request_key`` gives the first one's orders.

    Raises:
        Refused: there is no bill, or there are more than ``MOST_BILLS`` × ``MOST_FILES``.
    """
    if earlier := _of_request(request_key):
        return earlier
    most = MOST_BILLS * MOST_FILES
    chosen = bills.exclude(status=Bill.Status.DRAFT).order_by("issued_on", "pk").values_list("pk", flat=True)
    ids = list(chosen[: most + 1])
    if not ids:
        raise Refused("No bill was issued on these days that fits. Choose other days, or another area.")
    if len(ids) > most:
        raise Refused(
            "These are more than {most} bills. Choose fewer days, or one area after the other.", most=f"{most:,}"
        )
    return _ordered(ids, what, by, now, request_key)


def _ordered(ids: Sequence[int], what: str, by: Any, now: datetime, request_key: UUID) -> list[PrintOrder]:
    files = [ids[start : start + MOST_BILLS] for start in range(0, len(ids), MOST_BILLS)]
    what = texts.checked(what, longest=200)
    orders = [
        PrintOrder(
            what=what,
            bill_ids=file,
            total=len(file),
            part=part,
            parts=len(files),
            request_key=request_key,
            ordered_at=now,
            ordered_by=by,
        )
        for part, file in enumerate(files, 1)
    ]
    try:
        with transaction.atomic():
            return PrintOrder.objects.bulk_create(orders)
    except IntegrityError:  # the same form, sent twice at once
        return _of_request(request_key)


def _of_request(request_key: UUID) -> list[PrintOrder]:
    return list(PrintOrder.objects.filter(request_key=request_key).order_by("part"))


def is_anything_waiting() -> bool:
    """Whether there is an order to carry out."""
    return PrintOrder.objects.filter(status=Status.WAITING).exists()


def begin(*, now: datetime) -> PrintOrder | None:
    """The oldest order that waits, with one try more on it; None when there is none.

    One whose bills ended the process ``MOST_TRIES`` times is given up instead.
    """
    while waiting := PrintOrder.objects.filter(status=Status.WAITING).order_by("pk").first():
        if waiting.tries < MOST_TRIES:
            PrintOrder.objects.filter(pk=waiting.pk).update(tries=F("tries") + 1)
            return waiting
        fail(
            waiting, _("Making the next bills ended the program. Order fewer bills, or tell an administrator."), now=now
        )
    return None


@transaction.atomic
def add(order: PrintOrder, pdf: bytes, *, count: int) -> None:
    """Keep the PDF of the next ``count`` bills, unless the order was cancelled or somebody else made them."""
    made = PrintOrder.objects.filter(pk=order.pk, status=Status.WAITING, done=order.done)
    if made.update(done=F("done") + count, tries=0):
        PrintPart.objects.create(order=order, position=order.done, content=pdf)


def parts_of(order: PrintOrder) -> Iterator[bytes]:
    """The PDF files of an order that waits, or the pieces of the file of one that is done, one after the other."""
    for pk in order.pieces.order_by("position").values_list("pk", flat=True):
        yield bytes(PrintPart.objects.values_list("content", flat=True).get(pk=pk))


@transaction.atomic
def finish(order: PrintOrder, file: bytes, *, now: datetime) -> None:
    """Put the whole file in place of its parts."""
    if _end(order, Status.DONE, now):
        order.pieces.all().delete()
        for start in range(0, len(file), PIECE):
            PrintPart.objects.create(order=order, position=start, content=file[start : start + PIECE])


@transaction.atomic
def fail(order: PrintOrder, reason: str, *, now: datetime) -> None:
    """Give an order up."""
    if _end(order, Status.FAILED, now, error=reason[:500]):
        order.pieces.all().delete()


@transaction.atomic
def cancel(order: PrintOrder, *, now: datetime) -> None:
    """Stop making an order.

    Raises:
        Refused: it has ended.
    """
    if not _end(order, Status.CANCELLED, now):
        raise Refused("It has ended already. Load the page again.")
    order.pieces.all().delete()


def _end(order: PrintOrder, status: str, now: datetime, **how: str) -> int:
    waiting = PrintOrder.objects.filter(pk=order.pk, status=Status.WAITING)
    return waiting.update(status=status, ended_at=now, tries=0, **how)


def forget(*, before: datetime) -> int:
    """Delete the orders that ended before then, with their files; how many."""
    return PrintOrder.objects.filter(ended_at__lt=before).delete()[1].get("billing.PrintOrder", 0)
