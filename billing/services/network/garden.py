"""Who asks from behind the walled garden, known by nothing but the address of an open session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv6Address, ip_address

from django.db import connection

from billing.models import Bill, Customer
from billing.services import summary
from billing.services.network.policy import SILENCE

MOST_BILLS = 12
# Routers may use the same private addresses: then nobody knows who asks. On one router the newest session has it.
_WHO = f"""
    SELECT session.router_id, subscription.customer_id,
        policy.why IN ('unpaid', 'quota, unpaid') AND is_seen,
        CASE WHEN policy.why IN ('quota', 'quota, unpaid') AND is_seen THEN period_end END
    FROM billing_onlinesession session
    LEFT JOIN billing_subscription subscription ON subscription.id = session.subscription_id
    LEFT JOIN radius.policy policy ON policy.subscription_id = session.subscription_id
    LEFT JOIN billing_datause used ON used.subscription_id = session.subscription_id
    JOIN billing_networkpolicy told ON told.id = 1
    CROSS JOIN LATERAL (SELECT policy.state <> 'on' AND session.updated_at > %(now)s - {SILENCE} AS is_seen) AS seen
    WHERE session.framed_address = %(address)s::inet
    ORDER BY session.started_at DESC, session.id DESC LIMIT 10
"""  # noqa: S608  (a text of ours)


@dataclass(frozen=True)
class Seen:
    """Why the subscriber at an address is not let out: the open bills, the one that a payment pays first before the
    others, and the day on which a used up quota begins anew. Nobody's when there is no ``customer``."""

    customer: Customer | None = None
    bills: Sequence[Bill] = ()
    quota_ends_on: date | None = None


def look(address: str | None, *, now: datetime) -> Seen:
    """What concerns the subscriber who is in the garden and has ``address`` at this moment.

    Nothing for everybody else: an address without a session, one of somebody who is off for another reason, one that
    two routers have given out, one of a session that was not heard of for three intervals.
    """
    text = _plain(address)
    if text is None:
        return Seen()
    with connection.cursor() as cursor:
        cursor.execute(_WHO, {"address": text, "now": now})
        found = cursor.fetchall()
    if len({router for router, *_ in found}) != 1:
        return Seen()
    _, customer_id, owes, quota_ends_on = found[0]
    if not owes and quota_ends_on is None:
        return Seen()
    bills = list(summary.open_bills(customer_id).select_related("customer")[:MOST_BILLS]) if owes else []
    customer = bills[0].customer if bills else Customer.objects.get(pk=customer_id)
    return Seen(customer, bills, quota_ends_on)


def _plain(address: str | None) -> str | None:
    """As PostgreSQL takes it: without the name of an interface, and IPv4 as IPv4."""
    if not address:
        return None
    read = ip_address(address)
    if isinstance(read, IPv6Address):
        if read.scope_id:
            return None
        read = read.ipv4_mapped or read
    return str(read)
