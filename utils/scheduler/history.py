"""How long the records of runs are kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from utils.scheduler import ledger, tables


def delete_old(known: Collection[str], *, before: datetime) -> int:
    """Delete what is older in the ledger and in the job tables; how many rows. ``known`` are the timetable's ids."""
    return ledger.delete_old(before=before) + tables.delete_old(known, before=before)
