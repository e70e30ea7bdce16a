"""Routers, accounts and packets that the tests of the network begin with."""

from __future__ import annotations

from itertools import count

from django.conf import settings
from django.db import connection

from billing.models import NetworkAccount, Router
from billing.services.network import sealing
from tests.builders import make_plan, make_subscription

_numbers = count(1)
PASSWORD = "correct-horse"
SECRET = "secret-of-the-router"


def make_router(**changes) -> Router:
    number = next(_numbers)
    values = {
        "name": f"Router {number}",
        "address": f"192.0.2.{number % 250 + 1}",
        "secret_sealed": sealing.seal(SECRET),
    }
    return Router.objects.create(**{**values, **changes})


def make_online_subscription(*, password=PASSWORD, fixed_address=None, login=None, ends_on=None, **plan):
    """A subscription with credentials, on a plan of 10 and 2 Mbit/s unless told otherwise."""
    values = {"download_kbps": 10000, "upload_kbps": 2000, **plan}
    named = {"login": login} if login else {}
    subscription = make_subscription(plan=make_plan(**values), ends_on=ends_on, **named)
    NetworkAccount.objects.create(
        subscription=subscription, password_sealed=sealing.seal(password), fixed_address=fixed_address
    )
    return subscription


def asked(query, *values):
    """The rows of a query, as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def policy_of(subscription):
    return asked("SELECT * FROM radius.policy WHERE subscription_id = %s", subscription.pk)[0]


GIVEN = (
    "Framed-IP-Address", "Framed-IPv6-Address", "Framed-Pool", "Mikrotik-Rate-Limit", "Mikrotik-Address-List",
    "Session-Timeout", "Acct-Interim-Interval", "Class", "Cleartext-Password",
)  # fmt: skip


def answer_to(login):
    """What RADIUS is told of a login: {attribute: value}, or None for a refusal."""
    asked("SELECT radius.use_key(%s)", settings.NETWORK_KEY)
    word, *values = asked("SELECT radius.answer(%s) AS answer", login)[0]["answer"].split("|", len(GIVEN))
    if word == "reject":
        assert len(values) == 1
        return None
    assert word == "accept"
    return {name: value for name, value in zip(GIVEN, values, strict=True) if value}


PACKET = {
    "kind": "Start", "unique_id": "u1", "session_id": "81000001", "login": "", "router": "", "nas": "192.0.2.1",
    "framed": "10.0.0.5", "calling_station": "00:11:22:33:44:55", "at_epoch": "", "seconds": "", "input_octets": "",
    "input_gigawords": "", "output_octets": "", "output_gigawords": "", "class": "", "cause": "",
}  # fmt: skip
ACCOUNT = f"SELECT radius.accounting({', '.join(['%s'] * len(PACKET))}) AS was_taken"


def account(**packet):
    """Give PostgreSQL an accounting packet, as FreeRADIUS does; whether it was taken."""
    values = {**PACKET, **{name: str(value) for name, value in packet.items()}}
    return asked(ACCOUNT, *values.values())[0]["was_taken"]
