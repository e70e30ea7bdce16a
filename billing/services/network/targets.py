"""Routers as adapters need them, with their secrets opened."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from billing.models import Router
from billing.network.base import Target
from billing.network.routeros_rest import CALLS_AT_ONCE
from billing.rules.errors import Refused
from billing.rules.network import LAST_WAIT
from billing.services.network import sealing

MOST_AT_ONCE: dict[str, int] = {Router.Kind.ROUTEROS: CALLS_AT_ONCE}  # by the kind of router, whatever its window

_STATES = """
    SELECT router_id, failures, least(greatest(extract(epoch FROM down_until - clock_timestamp()), 0), %s)
    FROM billing_routerstate WHERE failures > 0
"""


class Reach(NamedTuple):
    """An active router: how to speak to it, or why not; how often on end it failed, how long it is left alone yet."""

    id: int
    target: Target | None
    problem: str = ""
    failures: int = 0
    rests_for: float = 0.0


def active() -> list[Reach]:
    """All routers that are in use."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [LAST_WAIT.total_seconds()])  # whatever happened to the clock
        states = {router: (failures, float(rest or 0)) for router, failures, rest in cursor.fetchall()}
    found = []
    for router in Router.objects.filter(is_active=True):
        failures, rests_for = states.get(router.pk, (0, 0.0))
        try:
            found.append(Reach(router.pk, target_of(router), "", failures, rests_for))
        except Refused as reason:
            found.append(Reach(router.pk, None, str(reason), failures, rests_for))
    return found


def is_any_active() -> bool:
    return Router.objects.filter(is_active=True).exists()


def target_of(router: Router) -> Target:
    """One router for its adapter.

    Raises:
        Refused: its secret cannot be opened with NETWORK_KEY.
    """
    return Target(
        name=router.name,
        kind=router.kind,
        address=router.address,
        secret=_opened(router.secret_sealed).encode(),
        coa_port=router.coa_port,
        supports_coa=router.supports_coa,
        window=min(router.window, MOST_AT_ONCE.get(router.kind, router.window)),
        rest_url=router.rest_url,
        rest_user=router.rest_user,
        rest_password=_opened(router.rest_password_sealed),
        certificate_sha256=router.certificate_sha256,
    )


def _opened(sealed: bytes | memoryview | None) -> str:
    return sealing.unseal(sealed) if sealed else ""
