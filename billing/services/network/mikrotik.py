"""The script that sets up a MikroTik router for this installation, to be pasted into its terminal."""

from __future__ import annotations

import re
from ipaddress import ip_address

from django.conf import settings

from billing.models import Router
from billing.rules.errors import Refused

MARK = "isp-billing"  # the comment of all that the script makes, by which it takes it away again
NO_SECRET = "PUT-THE-RADIUS-SECRET-HERE"  # noqa: S105  # nosec B105
_SPECIAL = re.compile(r'([\\"$?])')
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")

_SCRIPT = """\
# {name}: RADIUS, Disconnect and the walled garden. Pasted again, it replaces what it made before.
/radius remove [find comment={mark}]
/ip firewall filter remove [find comment={mark}]
/ip firewall nat remove [find comment={mark}]

/radius add service=ppp,hotspot address={radius} secret={secret} src-address={router} timeout=1s \
require-message-auth=yes-for-request-resp comment={mark}
/radius incoming set accept=yes port={port}
/ppp aaa set use-radius=yes accounting=yes interim-update={interim}s
/ip hotspot profile set [find] use-radius=yes radius-accounting=yes radius-interim-update={interim}s

/ip firewall filter add chain=input protocol=udp dst-port={port} src-address={radius} action=accept comment={mark}
/ip firewall filter add chain=input protocol=udp dst-port={port} action=drop comment={mark}
/ip firewall filter add chain=forward src-address-list={list} dst-address={portal} protocol=tcp dst-port=80,443 \
action=accept comment={mark}
/ip firewall filter add chain=forward src-address-list={list} protocol=udp dst-port=53 action=accept comment={mark}
/ip firewall filter add chain=forward src-address-list={list} protocol=tcp dst-port=53 action=accept comment={mark}
/ip firewall filter add chain=forward src-address-list={list} action=drop comment={mark}
/ip firewall filter move [find comment={mark}] destination=[:pick [find dynamic=no] 0]

/ip firewall nat add chain=srcnat src-address-list={list} dst-address={portal} action=accept comment={mark}
/ip firewall nat add chain=dstnat src-address-list={list} protocol=tcp dst-port=80 action=dst-nat \
to-addresses={portal} to-ports=80 comment={mark}
/ip firewall nat move [find comment={mark}] destination=[:pick [find dynamic=no] 0]
"""


def script(router: Router, *, radius: str, portal: str, secret: str = "") -> str:
    """What sets up ``router``; ``radius`` and ``portal`` are IPv4 addresses as the router reaches them.

    Without a ``secret`` there is a word in its place that staff replace.

    Raises:
        Refused: the router's packets come from an IPv6 address, which RouterOS sends to no IPv4 server.
    """
    if ip_address(router.address).version != ip_address(radius).version:
        raise Refused(
            "The router's packets come from {address}, which is no IPv4 address like {radius} of the RADIUS server. "
            "Enter an IPv4 address of the router on its page, or set the router up by hand.",
            address=router.address,
            radius=radius,
        )
    return _SCRIPT.format(
        name=_UNSEEN.sub(" ", router.name),
        router=router.address,
        radius=radius,
        portal=portal,
        secret=quoted(secret or NO_SECRET),
        port=router.coa_port,
        interim=settings.NETWORK_INTERIM_SECONDS,
        list=quoted(settings.GARDEN_ADDRESS_LIST),
        mark=quoted(MARK),
    )


def quoted(text: str) -> str:
    """A text as RouterOS reads it, whatever is in it."""
    return '"' + _SPECIAL.sub(r"\\\1", _UNSEEN.sub("", text)) + '"'
