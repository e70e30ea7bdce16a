"""Somebody looks at the reports in a random life."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from billing.models import LedgerEntry
from tests import figures

ENTRIES = 2  # to be counted together, because it takes as long as ten other steps


class Reading:
    """A part of ``Lives``."""

    entries_read = 0

    @precondition(lambda self: LedgerEntry.objects.count() >= self.entries_read + ENTRIES)
    @rule()
    def count_the_figures_of_reports(self):
        self.entries_read = LedgerEntry.objects.count()
        figures.agree(self.now)
