"""The credentials of subscriptions, and what staff ask of the network for one of them (rules N1, N3)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from ipaddress import ip_address

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from billing.models import NetworkAccount, NetworkIntent, OnlineSession, Router, Subscription
from billing.rules.errors import Refused
from billing.services import locks
from billing.services.network import intents, sealing

LOGIN = re.compile(r"[a-z0-9._@-]{1,64}")
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that are taken for another when they are read out
PASSWORD_LENGTH = 12


def of(subscription: Subscription) -> NetworkAccount | None:
    """The account of a subscription, when it has one."""
    return NetworkAccount.objects.select_related("router").filter(pk=subscription.pk).first()


@transaction.atomic
def new_password(subscription: Subscription) -> str:
    """Give a subscription new credentials, or its first; the password in clear.

    Raises:
        Refused: its login cannot be used at routers, or there is no NETWORK_KEY.
    """
    _check_login(subscription)
    locks.access_state(subscription.pk)
    password = "".join(secrets.choice(LETTERS) for _ in range(PASSWORD_LENGTH))
    sealed = sealing.seal(password)
    NetworkAccount.objects.update_or_create(pk=subscription.pk, defaults={"password_sealed": sealed})
    return password


def password_of(subscription: Subscription) -> str:
    """The password in clear. Who calls it has asked for the permission.

    Raises:
        Refused: there is none, or it cannot be opened.
    """
    account = of(subscription)
    if account is None:
        raise Refused("It has no password yet. Use “New password”.")
    return sealing.unseal(account.password_sealed)


@transaction.atomic
def place(subscription: Subscription, *, fixed_address: str | None, router: Router | None) -> bool:
    """Set where a subscription is at home in the network; whether that is new.

    Raises:
        Refused: it has no credentials yet, another one has the address or nobody can have it, or the router is not one
            of RouterOS.
    """
    locks.access_state(subscription.pk)
    account = of(subscription)
    if account is None:
        raise Refused("It has no credentials yet. Use “New password” first.")
    wanted = fixed_address or None
    if (account.fixed_address, account.router) == (wanted, router):
        return False
    if wanted and not _can_be_given(wanted):
        raise Refused("{wanted} is no address that a subscriber can have.", wanted=wanted)
    if wanted and (other := NetworkAccount.objects.filter(fixed_address=wanted).exclude(pk=account.pk).first()):
        raise Refused("{wanted} is the address of {login} already.", wanted=wanted, login=other.subscription.login)
    if router and router.kind != Router.Kind.ROUTEROS:
        raise Refused("{router} asks by RADIUS, and needs no entry of its own. Choose none.", router=router)
    account.fixed_address, account.router = wanted, router
    account.save(update_fields=["fixed_address", "router"])
    return True


def routers_for(subscription: Subscription, seen: QuerySet[Router]) -> QuerySet[Router]:
    """Where the entry of a subscription may be kept: those of ``seen`` that keep entries, and the one that has it."""
    has_it = Q(accounts=subscription.pk)
    return Router.objects.filter(has_it | Q(kind=Router.Kind.ROUTEROS, pk__in=seen.values("pk"))).distinct()


def sessions_to_end(subscription: Subscription) -> list[int]:
    """The ids of its open sessions that nobody has asked to end yet."""
    found = OnlineSession.objects.filter(subscription=subscription).exclude(policy_class=intents.TO_BE_ENDED)
    return list(found.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def disconnect(subscription: Subscription, *, now: datetime) -> int:
    """Ask for the end of its open sessions; how many. It may log in again if its access allows that.

    Raises:
        Refused: there is none, it is being ended already, or no router is in use.
    """
    locks.access_state(subscription.pk)
    found = sessions_to_end(subscription)
    if not found:
        raise Refused("It has no open session, or its end is asked for already.")
    for session in found:
        intents.disconnect(session, now=now)
    return len(found)


@transaction.atomic
def apply_again(subscription: Subscription, *, now: datetime) -> None:
    """Bring it to the routers once more.

    Raises:
        Refused: it waits for that already, or no router is in use.
    """
    locks.access_state(subscription.pk)
    waits = NetworkIntent.objects.filter(pk=subscription.pk, attempts=0, held="", failing_since=None)
    if waits.filter(intents.PENDING).exists():
        raise Refused("It waits to be applied already: load its page again in a moment.")
    intents.request(subscription.pk, reason="again", now=now)


def is_any_router_active() -> bool:
    return Router.objects.filter(is_active=True).exists()


def _can_be_given(address: str) -> bool:
    read = ip_address(address)
    is_special = read.is_unspecified or read.is_loopback or read.is_link_local or read.is_multicast
    return not (is_special or read.is_reserved)


def _check_login(subscription: Subscription) -> None:
    login = subscription.login.lower()
    if not LOGIN.fullmatch(login):
        raise Refused(
            "The login “{login}” cannot be used at routers: they take a to z, 0 to 9 and . _ @ -, at most 64 of them.",
            login=subscription.login,
        )
    same = Subscription.objects.annotate(lower=Lower("login")).filter(Q(lower=login)).exclude(pk=subscription.pk)
    if other := same.first():
        raise Refused("The login “{login}” is the same to routers, which do not tell A from a.", login=other.login)
