"""Routers as staff set them up, with their secrets sealed; how each of them does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.db.models import Exists, Func, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.utils.translation import gettext as _

from billing.models import NetworkAccount, NetworkIntent, OnlineSession, Router
from billing.rules.errors import Refused
from billing.services.network import sealing
from billing.services.network.intents import PENDING
from billing.words import gettext_lazy

RADIUS_SECRET = gettext_lazy("RADIUS secret")
SECRET_BYTES = 24  # 32 letters and digits: what RouterOS and FreeRADIUS both take
REST_NEEDS = {
    "rest_url": gettext_lazy("Needed: where the router's REST answers, such as https://192.0.2.1/rest."),
    "rest_user": gettext_lazy("Needed: a user of the router for this program alone."),
    "certificate_sha256": gettext_lazy("Needed: the fingerprint of the router's certificate."),
}


def sealed(*, kind: str, router: Router, secret: str = "", rest_password: str = "") -> dict[str, bytes]:
    """The columns of what was entered; a router that is told by RADIUS gets a secret when it has none.

    Raises:
        Refused: there is no NETWORK_KEY, or a text is too long.
    """
    if kind == Router.Kind.RADIUS and not secret and not router.secret_sealed:
        secret = secrets.token_urlsafe(SECRET_BYTES)
    entered = {"secret_sealed": secret, "rest_password_sealed": rest_password}
    return {column: sealing.seal(text) for column, text in entered.items() if text}


def missing(*, kind: str, values: Mapping[str, str], has_password: bool) -> dict[str, str]:
    """What a router needs and was not given, by field, in words; REST needs all of it, whatever the kind.

    A user or password in the address of REST would stand there in clear: those have fields of their own.
    """
    if kind != Router.Kind.ROUTEROS and not values.get("rest_url"):
        return {}
    found = {name: text for name, text in REST_NEEDS.items() if not values.get(name)}
    if "@" in urlsplit(values.get("rest_url", "")).netloc:
        found["rest_url"] = REST_NEEDS["rest_url"]
    if not has_password:
        found["rest_password"] = _("Needed: the password of that user.")
    return found


def save(router: Router, columns: Mapping[str, bytes]) -> Router:
    """Write a router with what is sealed anew."""
    for column, value in columns.items():
        setattr(router, column, value)
    router.save()
    return router


def new_secret(router: Router) -> None:
    """Give a router another secret; the old one is in force until the RADIUS server asks again."""
    save(router, {"secret_sealed": sealing.seal(secrets.token_urlsafe(SECRET_BYTES))})


def secrets_of(router: Router) -> dict[str, str]:
    """The secrets of a router in clear, by their names. Who calls it has asked for the permission.

    Raises:
        Refused: NETWORK_KEY is not the key with which they were sealed, or there is none.
    """
    stored = {RADIUS_SECRET: router.secret_sealed, gettext_lazy("REST password"): router.rest_password_sealed}
    return {name: sealing.unseal(value) for name, value in stored.items() if value}


def why_kept(router: Router) -> str:
    """What names a router, so that it cannot be deleted; empty when nothing does."""
    if router.onlinesessions.exists() or router.sessionrecords.exists():
        return _("sessions")
    return _("accounts of subscriptions") if router.accounts.exists() else ""


def with_figures(routers: QuerySet[Router]) -> QuerySet[Router]:
    """Each with ``session_count`` and ``backlog_count``: its open sessions, and the changes that wait for it."""
    of_router = OnlineSession.objects.filter(router=OuterRef("pk"))
    has_session = OnlineSession.objects.filter(subscription=OuterRef("pk"), router=OuterRef(OuterRef("pk")))
    has_account = NetworkAccount.objects.filter(subscription=OuterRef("pk"), router=OuterRef(OuterRef("pk")))
    waiting = NetworkIntent.objects.filter(PENDING).filter(Exists(has_session) | Exists(has_account))
    return routers.annotate(session_count=_counted(of_router), backlog_count=_counted(waiting))


def waiting_for(router: Router) -> QuerySet[NetworkIntent]:
    """The changes that wait for a router, the oldest first."""
    has_session = OnlineSession.objects.filter(subscription=OuterRef("pk"), router=router)
    has_account = NetworkAccount.objects.filter(subscription=OuterRef("pk"), router=router)
    found = NetworkIntent.objects.filter(PENDING).filter(Exists(has_session) | Exists(has_account))
    return found.order_by("requested_at")


def checked_probe(outcome: str, detail: str) -> str:
    """What a test of the connection found, when it is good.

    Raises:
        Refused: the router does not answer, or does not know us.
    """
    if outcome != "applied":
        raise Refused("The test failed: {detail}", detail=detail)
    return detail


def _counted(rows: QuerySet) -> Subquery:
    counting = Func(Value(1), function="count", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(number=counting).values("number"))
