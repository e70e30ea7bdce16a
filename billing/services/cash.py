"""Cash at the desk: the shifts of cashiers, what moves through their drawers, and the count at the end.

Which payment belongs to which shift and what a drawer should hold is computed by PostgreSQL. Locks: a payment
takes its shift FOR SHARE as the last of its locks, a close takes it for itself; so each payment is either
in the sum of a close or finds no open shift any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing.models import CashMovement, CashShift, Payment, Reversal
from billing.rules import denominations
from billing.rules.errors import Refused
from billing.rules.money import checked_amount, parse_minimum, rounded
from billing.services import clock, requests, texts
from billing.services.wording import money
from billing.words import gettext_lazy

Kind = CashMovement.Kind
CASH = Payment.Method.CASH
NO_SHIFT = gettext_lazy("Cash needs an open shift. Open yours under “My shift”, then take the money.")
_BY_METHOD = """
    SELECT method, count(*) FILTER (WHERE NOT is_back), coalesce(sum(amount) FILTER (WHERE NOT is_back), 0),
        coalesce(sum(amount) FILTER (WHERE is_back), 0)
    FROM (
        SELECT method, amount, false AS is_back FROM billing_payment WHERE shift_id = %(shift)s
        UNION ALL
        SELECT CASE kind WHEN 'refund' THEN reversal.method ELSE payment.method END, reversal.amount, true
        FROM billing_reversal reversal LEFT JOIN billing_payment payment ON payment.id = payment_id
        WHERE reversal.shift_id = %(shift)s
    ) AS part
    GROUP BY method ORDER BY method
"""


class OfMethod(NamedTuple):
    """What a shift took by one way to pay: how many payments, their sum, and what was taken back or paid out of it."""

    method: str
    payments: int
    taken: Decimal
    back: Decimal


def open_of(user: Any) -> CashShift | None:
    """The open shift of a member of staff."""
    return CashShift.objects.filter(staff=user.pk, closed_at=None).first()


def start(*, staff: Any, opening_float: Decimal, now: datetime) -> CashShift:
    """Open a shift with so much cash in the drawer, zero or more.

    Raises:
        Refused: a float that cannot be, or this member of staff has an open shift.
    """
    if opening_float:
        opening_float = checked_amount(opening_float, settings.CURRENCY)
    try:
        with transaction.atomic(durable=True):
            return CashShift.objects.create(
                staff=staff, opened_at=now, opened_on=clock.local_date(now), opening_float=opening_float
            )
    except IntegrityError as error:
        raise Refused("You have an open shift already. Close that one first.") from error


def drawer(shift: CashShift) -> Decimal:
    """What the drawer of an open shift should hold; of a closed one what it should have held at the close."""
    if shift.expected is not None:
        return Decimal(shift.expected)
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_cash_of(%s)", [shift.pk])
        return rounded(cursor.fetchone()[0], settings.CURRENCY)


def by_method(shift: CashShift) -> list[OfMethod]:
    """The payments of a shift, by way to pay."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_METHOD, {"shift": shift.pk})
        return [OfMethod(*row) for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def move(
    *,
    shift: CashShift,
    kind: str,
    amount: Decimal,
    reason: str,
    now: datetime,
    by: Any,
    request_key: UUID | None = None,
) -> CashMovement:
    """Put cash into the drawer or take it out. The same request again gives the first one's movement.

    Raises:
        Refused: the shift is closed or somebody else's, no reason, or more than the drawer holds.
    """
    shift = _locked(shift)
    amount = checked_amount(amount, settings.CURRENCY)
    movement = CashMovement(shift=shift, kind=kind, amount=amount, moved_at=now, moved_by=by, request_key=request_key)
    earlier = requests.answer(requests.earlier(CashMovement, request_key), movement, ("shift_id", "kind", "amount"))
    if earlier:
        return earlier
    _require_open(shift)
    if shift.staff_id != by.pk:
        raise Refused("This is the shift of {staff}. Only {staff} moves its cash.", staff=shift.staff)
    movement.reason = texts.checked(reason, longest=200, missing=_("Say what for: it is needed for the books."))
    if kind != Kind.PAY_IN and amount > (held := drawer(shift)):
        raise Refused("The drawer holds {held}. Enter at most that.", held=money(held))
    movement.save(force_insert=True)
    return movement


@transaction.atomic(durable=True)
def close(
    *,
    shift: CashShift,
    counted: Decimal,
    reason: str,
    now: datetime,
    by: Any,
    pieces: Mapping[str, int] | None = None,
    seen: Decimal | None = None,
) -> CashShift:
    """Close a shift with the cash that was counted; asked again with the same count, it stays as it is.

    Args:
        pieces: how many notes and coins by their value, when they were counted one by one.
        seen: what the drawer should hold as far as who counts was told.

    Raises:
        Refused: closed with another count, pieces that come to another sum, a drawer that moved meanwhile,
            or a difference without a reason.
    """
    shift = _locked(shift)
    if shift.closed_at is not None and shift.counted == counted:
        return shift
    _require_open(shift)
    expected, reason = drawer(shift), texts.checked(reason, longest=200)
    if seen is not None and seen != expected:
        raise Refused(
            "The drawer should hold {expected} now, not {seen}: it moved. Count again.",
            expected=money(expected),
            seen=money(seen),
        )
    require_sum(counted, pieces or {})
    require_reason(counted, expected, reason)
    shift.closed_at, shift.closed_by, shift.counted, shift.pieces = now, by, counted, dict(pieces or {})
    shift.difference_reason = reason if counted != expected else ""
    shift.save(update_fields=["closed_at", "closed_by", "counted", "pieces", "difference_reason"])
    shift.refresh_from_db()
    return shift


def require_sum(counted: Decimal, pieces: Mapping[str, int]) -> None:
    """Raises Refused when notes and coins were counted, and come to another amount."""
    if pieces and (come_to := denominations.total(pieces, settings.CURRENCY)) != counted:
        raise Refused(
            "The notes and coins come to {come_to}, but {counted} is entered as counted. "
            "Correct one of the two, or leave the amount empty.",
            come_to=money(come_to),
            counted=money(counted),
        )


def require_reason(counted: Decimal, expected: Decimal, reason: str) -> None:
    """Raises Refused when the count differs from what the drawer should hold, and nobody says why."""
    difference = counted - expected
    if difference and not reason.strip():
        short = _("short of") if difference < 0 else _("more than")
        raise Refused(
            "There is {difference} {short} the {expected} that the drawer should hold. "
            "Count again, or give the reason.",
            difference=money(abs(difference)),
            short=short,
            expected=money(expected),
        )


@transaction.atomic(durable=True)
def hand_over(*, shift: CashShift, now: datetime, to: Any) -> CashShift:
    """Sign that somebody else took over the cash of a closed shift.

    Raises:
        Refused: not closed yet, signed already by another, or signed by the cashier.
    """
    shift = _locked(shift)
    if shift.handed_over_to_id == to.pk:
        return shift
    if shift.closed_at is None:
        raise Refused("The shift is open. It is handed over when it is closed.")
    if shift.handed_over_to_id:
        raise Refused("{handed_over_to} has signed for this cash already.", handed_over_to=shift.handed_over_to)
    if to.pk == shift.staff_id:
        raise Refused("It is your own shift: a second person must sign.")
    shift.handed_over_at, shift.handed_over_to = now, to
    shift.save(update_fields=["handed_over_at", "handed_over_to"])
    return shift


def above_limit(user: Any) -> Decimal | None:
    """What the drawer of a member of staff holds, when that is more than CASH_LIMIT."""
    limit = parse_minimum(settings.CASH_LIMIT, settings.CURRENCY)
    shift = open_of(user) if limit else None
    held = drawer(shift) if shift else Decimal(0)
    return held if held > limit else None


def require_shift(row: Payment | Reversal, method: str, by: Any) -> None:
    """Where CASH_NEEDS_SHIFT says so, cash that staff take or pay out at the counter must be in a shift.

    ``row`` is written already. What a statement brings was handed over elsewhere.

    Raises:
        Refused: who takes it has no open shift.
    """
    if not settings.CASH_NEEDS_SHIFT or method != CASH or by is None:
        return
    if isinstance(row, Payment) and row.gateway:
        return
    if type(row)._default_manager.filter(pk=row.pk, shift=None).exists():
        raise Refused(NO_SHIFT)


def _locked(shift: CashShift) -> CashShift:
    return CashShift.objects.select_for_update(no_key=True).get(pk=shift.pk)


def _require_open(shift: CashShift) -> None:
    if shift.closed_at is not None:
        raise Refused(
            "The shift was closed on {local_date}: it never changes any more.",
            local_date=clock.local_date(shift.closed_at),
        )
