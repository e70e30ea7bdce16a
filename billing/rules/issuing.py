"""When the slices of a subscription are billed (rules B2, B8, T6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from billing.rules.errors import Refused
from billing.rules.holds import Hold, next_slice
from billing.rules.periods import Period, Schedule

MAX_PERIODS = 36


def issue_on(part: Period, *, in_arrears: bool, lead_days: int = 0) -> date:
    """The day on which a slice is billed: ``lead_days`` before it starts, or in arrears when it is over."""
    return part.end if in_arrears else part.start - timedelta(days=lead_days)


def due_slices(
    schedule: Schedule,
    billed_until: date,
    today: date,
    *,
    in_arrears: bool = False,
    lead_days: int = 0,
    ends_on: date | None = None,
    holds: Sequence[Hold] = (),
) -> list[Period]:
    """Every slice that is due for billing as of ``today`` and not billed yet, oldest first.

    The same call on the next day, after ``billed_until`` moved to the last slice's end, gives
    only what is new; after an outage it gives all that was missed (rule T6).

    Raises:
        Refused: more than 36 slices, which is more likely a wrong date than an outage (rule B8).
    """
    found: list[Period] = []
    while part := next_slice(schedule, billed_until, holds, ends_on):
        if issue_on(part, in_arrears=in_arrears, lead_days=lead_days) > today:
            break
        if len(found) == MAX_PERIODS:
            raise Refused(
                "More than {max_periods} periods are not billed since {start}. "
                "Check the dates of the subscription, then bill it by hand.",
                max_periods=MAX_PERIODS,
                start=found[0].start,
            )
        found.append(part)
        billed_until = part.end
    return found
