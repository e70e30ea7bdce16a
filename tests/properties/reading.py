"""Somebody looks at the reports in a random life."""

from __future__ import annotations

from hypothesis.stateful import rule

from tests import figures


class Reading:
    """A part of ``Lives``."""

    @rule()
    def count_the_figures_of_reports(self):
        figures.agree(self.now)
