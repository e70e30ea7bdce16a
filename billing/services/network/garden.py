"""Who asks from behind the walled garden, known by nothing but the address of an open session."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db import connection

from billing.models import Bill
from billing.rules.network import SILENT_INTERVALS
from billing.services import summary

MOST_BILLS = 12
# Routers may use the same private addresses: then nobody knows who asks. On one router the newest session has it.
_WHO = """
    SELECT session.router_id, subscription.customer_id,
        policy.state <> 'on' AND policy.why IN ('unpaid', 'quota, unpaid') AND session.updated_at > %(heard_after)s
    FROM billing_onlinesession session
    LEFT JOIN billing_subscription subscription ON subscription.id = session.subscription_id
    LEFT JOIN radius.policy policy ON policy.subscription_id = session.subscription_id
    WHERE session.framed_address = %(address)s::inet
    ORDER BY session.started_at DESC, session.id DESC LIMIT 10
"""


def open_bills_of(address: str | None, *, now: datetime) -> list[Bill]:
    """The open bills of the subscriber who is not let out for unpaid bills and has ``address`` at this moment.

    The one that a payment pays first comes first; their customers are loaded. Empty for everybody else: an address
    without a session, one of somebody who is not off as unpaid, one that two routers have given out, one of a session
    that was not heard of for three intervals.
    """
    text = _plain(address)
    if text is None:
        return []
    heard_after = now - SILENT_INTERVALS * timedelta(seconds=settings.NETWORK_INTERIM_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(_WHO, {"address": text, "heard_after": heard_after})
        found = cursor.fetchall()
    if len({router for router, _, _ in found}) != 1:
        return []
    _, customer_id, owes = found[0]
    if not owes:
        return []
    return list(summary.open_bills(customer_id).select_related("customer")[:MOST_BILLS])


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
