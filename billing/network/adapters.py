"""Which adapter speaks to which kind of router."""

from __future__ import annotations

from billing.network.base import Adapter, Target
from billing.network.dry_run import DryRunAdapter
from billing.network.radius import RadiusAdapter
from billing.network.routeros import RouterOSAdapter

KINDS: dict[str, type[Adapter]] = {"radius": RadiusAdapter, "routeros": RouterOSAdapter, "dry-run": DryRunAdapter}


def open_adapter(router: Target) -> Adapter:
    """The adapter of a router; KeyError for a kind that does not exist."""
    return KINDS[router.kind](router)
