"""What has stopped and waits for people: a run that the circuit breaker holds, and what was set aside."""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import BillingState, ScheduledChange, SweepRun
from billing.services import summary


@dataclass(frozen=True)
class Waiting:
    """``held`` is the run that the circuit breaker holds; the others are counts of what an error kept from its due."""

    held: SweepRun | None
    unbilled: int
    failed_changes: int
    uncut: int


def waiting() -> Waiting:
    """What waits now: subscriptions not billed, changes that failed, and whom the last expiry check could not cut."""
    last = SweepRun.objects.order_by("-pk").values_list("set_aside", flat=True).first()
    return Waiting(
        held=SweepRun.objects.filter(status=SweepRun.Status.HELD).first(),
        unbilled=summary.needs_review(BillingState.objects.all()).count(),
        failed_changes=ScheduledChange.objects.filter(status=ScheduledChange.Status.FAILED).count(),
        uncut=last or 0,
    )
