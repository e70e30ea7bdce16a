"""The packets of RFC 5176 that are sent to routers, encoded and verified by pyrad."""

from __future__ import annotations

import time
from io import StringIO
from ipaddress import IPv6Address, ip_address

from pyrad import packet
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket, PacketError

from billing.network.base import Session, Target, Wanted
from billing.rules.errors import said

# Sent in place of no list: a router that takes a list by CoA keeps the one it has when none is named.
NO_LIST = "paid"

_ATTRIBUTES = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Reply-Message 18 string
ATTRIBUTE Class 25 octets
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Event-Timestamp 55 date
ATTRIBUTE NAS-IPv6-Address 95 ipv6addr
ATTRIBUTE Error-Cause 101 integer
VENDOR Mikrotik 14988
BEGIN-VENDOR Mikrotik
ATTRIBUTE Mikrotik-Rate-Limit 8 string
ATTRIBUTE Mikrotik-Address-List 19 string
END-VENDOR Mikrotik
"""
DICTIONARY = Dictionary(StringIO(_ATTRIBUTES))

SESSION_CONTEXT_NOT_FOUND = 503
ERROR_CAUSES = {
    401: "Unsupported Attribute",
    402: "Missing Attribute",
    403: "NAS Identification Mismatch",
    404: "Invalid Request",
    405: "Unsupported Service",
    406: "Unsupported Extension",
    407: "Invalid Attribute Value",
    501: "Administratively Prohibited",
    502: "Request Not Routable",
    503: "Session Context Not Found",
    504: "Session Context Not Removable",
    505: "Other Proxy Processing Error",
    506: "Resources Unavailable",
    507: "Request Initiated",
    508: "Multiple Session Selection Unsupported",
}
_ANSWERS = {
    packet.DisconnectRequest: (packet.DisconnectACK, packet.DisconnectNAK),
    packet.CoARequest: (packet.CoAACK, packet.CoANAK),
}


def disconnect(router: Target, session: Session, number: int) -> CoAPacket:
    """End a session; ``number`` is the packet's identifier."""
    return _request(packet.DisconnectRequest, router, session, number)


def change(router: Target, session: Session, wanted: Wanted, number: int) -> CoAPacket:
    """Change speed, address list and class of a session that goes on."""
    request = _request(packet.CoARequest, router, session, number)
    request["Mikrotik-Rate-Limit"] = wanted.rate_limit
    request["Mikrotik-Address-List"] = wanted.address_list or NO_LIST
    request["Class"] = wanted.policy_class.encode()
    return request


def _request(code: int, router: Target, session: Session, number: int) -> CoAPacket:
    request = CoAPacket(code=code, id=number, secret=router.secret, dict=DICTIONARY)
    request.add_message_authenticator()
    request["User-Name"] = session.login
    request["Acct-Session-Id"] = session.session_id
    nas = ip_address(session.nas_address or router.address)
    request["NAS-IPv6-Address" if isinstance(nas, IPv6Address) else "NAS-IP-Address"] = str(nas)
    if session.framed_address and not isinstance(ip_address(session.framed_address), IPv6Address):
        request["Framed-IP-Address"] = session.framed_address
    request["Event-Timestamp"] = int(time.time())
    return request


def answer_to(request: CoAPacket, data: bytes) -> CoAPacket | None:
    """The answer in ``data``; None when it does not come from who knows the secret, or answers something else."""
    try:
        reply = request.CreateReply(packet=data)
    except PacketError:
        return None
    is_genuine = request.VerifyReply(reply, data)
    return reply if is_genuine and reply.code in _ANSWERS[request.code] else None


def is_yes(reply: CoAPacket) -> bool:
    return reply.code in {packet.DisconnectACK, packet.CoAACK}


def error_cause(reply: CoAPacket) -> int | None:
    """The Error-Cause of a refusal; None when the router does not say."""
    try:
        return int(reply["Error-Cause"][0])
    except (KeyError, IndexError, ValueError):
        return None


def refusal(reply: CoAPacket) -> str:
    """Why the router refuses, in words."""
    cause = error_cause(reply)
    if cause is None:
        return said("The router refuses and does not say why")
    name = ERROR_CAUSES.get(cause, "Error-Cause")
    return said("The router refuses: {cause} ({number})", cause=name, number=cause)
