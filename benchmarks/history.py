"""The database of the works that need years of documents: the made-up provider of the demo, with a year of bills."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from benchmarks import installation

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@cache
def populate(customers: int) -> None:
    """An empty database, then ``customers`` customers with a year of bills, payments and cuts: once for all works.

    Pages name static files, so these are there as well.
    """
    from django.core.management import call_command

    from billing.demo import loader
    from billing.services import sweep

    call_command("collectstatic", interactive=False, verbosity=0)
    installation.empty()
    loader.load(customers=customers, now=NOW, report=lambda *progress: None)
    while sweep.disable_due(now=NOW, limit=500).disabled:
        pass
    installation.settle_down()
