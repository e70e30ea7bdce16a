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
PASSWORD = re.compile(r"(?! )[ -~]{1,64}(?<! )")  # what PAP, CHAP, FreeRADIUS and RouterOS all take as it is
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
    password = generated()
    set_password(subscription, password)
    return password


def generated() -> str:
    """A password that nobody has yet and that can be read out."""
    return "".join(secrets.choice(LETTERS) for _ in range(PASSWORD_LENGTH))


@transaction.atomic
def set_password(subscription: Subscription, password: str) -> None:
    """Give a subscription the password that its modem has already.

    Raises:
        Refused: the password or its login cannot be used at routers, or there is no NETWORK_KEY.
    """
    check_password(password)
    _check_login(subscription)
    locks.access_state(subscription.pk)
    sealed = sealing.seal(password)
    NetworkAccount.objects.update_or_create(pk=subscription.pk, defaults={"password_sealed": sealed})


def check_password(password: str) -> None:
    """Raise Refused, without the password, for one that routers do not take or change on the way."""
    if not PASSWORD.fullmatch(password):
        raise Refused(
            "The password cannot be used at routers: they take 1 to 64 letters without accents, digits, signs of a US "
            "keyboard and spaces, none of these first or last."
        )


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
    wanted = checked_address(fixed_address) if fixed_address else None
    if (account.fixed_address, account.router) == (wanted, router):
        return False
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


def checked_address(address: str) -> str:
    """A fixed address in its usual form.

    Raises:
        Refused: it is no IP address, or none that a subscriber can have.
    """
    try:
        read = ip_address(address)
    except ValueError as error:
        raise Refused("“{wanted}” is no IP address. Write it like 198.51.100.7.", wanted=address) from error
    is_special = read.is_unspecified or read.is_loopback or read.is_link_local or read.is_multicast
    if is_special or read.is_reserved or "%" in address:
        raise Refused("{wanted} is no address that a subscriber can have.", wanted=address)
    return str(read)


def check_letters(login: str) -> None:
    """Raise Refused for a login with letters that routers do not take."""
    if not LOGIN.fullmatch(login.lower()):
        raise Refused(
            "The login “{login}” cannot be used at routers: they take a to z, 0 to 9 and . _ @ -, at most 64 of them.",
            login=login,
        )


def _check_login(subscription: Subscription) -> None:
    check_letters(subscription.login)
    login = subscription.login.lower()
    same = Subscription.objects.annotate(lower=Lower("login")).filter(Q(lower=login)).exclude(pk=subscription.pk)
    if other := same.first():
        raise Refused("The login “{login}” is the same to routers, which do not tell A from a.", login=other.login)
