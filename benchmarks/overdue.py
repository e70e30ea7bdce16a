"""What the works about the expiry sweep start from: bills of which some are overdue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from benchmarks import installation
from billing.models import AccessEvent, AccessState, Bill, Block

NOBODY_DUE_AT = datetime(2030, 1, 10, 12, tzinfo=UTC)
DUE_AT = datetime(2030, 1, 20, 12, tzinfo=UTC)
TABLES = ("billing_accessstate", "billing_block", "billing_accessevent", "billing_sweeprun")


def prepare(size: int, by_hand: Any) -> list[int]:
    """Give ``size`` customers a bill each, unless they have it; the ids of those due at ``DUE_AT``."""
    if not Bill.objects.filter(number="J0000001").exists():
        with by_hand.cursor() as cursor:
            cursor.execute(installation.sql("overdue"), {"size": size})
        installation.settle_down()
    due = AccessState.objects.filter(is_on=True, cut_off_at__lte=DUE_AT)
    return list(due.order_by("pk").values_list("pk", flat=True))


def put_back(by_hand: Any) -> None:
    """As if nobody had been cut."""
    with by_hand.cursor() as cursor:
        cursor.execute(installation.sql("access_back"), {"now": DUE_AT})
    installation.settle_down(*TABLES)


def check_cut(count: int) -> None:
    """That ``count`` are off, each with a block and an event that name a bill."""
    assert AccessState.objects.filter(is_on=False).count() == count
    assert Block.objects.filter(opened_at=DUE_AT, bill__isnull=False).count() == count
    assert AccessEvent.objects.filter(at=DUE_AT, bill__isnull=False).count() == count
