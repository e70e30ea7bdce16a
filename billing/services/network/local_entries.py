"""What RouterOS routers keep themselves: subscribers of ours as wanted, and users who bypass RADIUS."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding, Router
from billing.network.base import LocalEntry
from billing.network.routeros import MARK, SECRETS
from billing.rules import network as rules
from billing.services.network import codes, connections, findings, recording
from billing.services.network.findings import Found

logger = logging.getLogger(__name__)

Kind = NetworkFinding.Kind
AT_ONCE = 8  # routers that are read beside each other

_OURS = """
    SELECT policy.login, policy.subscription_id, policy.state, policy.class
    FROM billing_networkaccount account JOIN radius.policy policy USING (subscription_id)
    LEFT JOIN billing_networkintent intent USING (subscription_id)
    WHERE account.router_id = %s AND (intent IS NULL OR intent.applied_version = intent.wanted_version)
"""
_LOGINS = "SELECT lower(login) FROM billing_networkaccount JOIN billing_subscription ON id = subscription_id"
_RESTING = """
    SELECT router_id, failures,
        coalesce(down_until BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute', false)
    FROM billing_routerstate WHERE failures > 0
"""


class Wrong(NamedTuple):
    """A subscription that is not as wanted on a router."""

    subscription_id: int
    router_id: int
    login: str
    detail: str
    kind: NetworkFinding.Kind


class Looked(NamedTuple):
    """What was found, how many entries bypass RADIUS, and the routers that do not answer to what tells them."""

    wrong: Sequence[Wrong]
    local: int
    silent: Sequence[int]


def look(*, repair: str) -> Looked:
    """Read all routers in use that have a REST interface, and try the others that did not answer the last time.

    ``repair`` is NETWORK_REPAIR: which entries that bypass RADIUS are disabled.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESTING)
        resting = {router: (failures, rests) for router, failures, rests in cursor.fetchall()}
    routers = [r for r in Router.objects.filter(is_active=True) if not resting.get(r.pk, (0, False))[1]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        read = list(pool.map(_read, [router for router in routers if router.rest_url]))
        tried = list(pool.map(_try, [r for r in routers if not _is_told_by_rest(r) and r.pk in resting]))
    met = [*(one for one in read if _is_told_by_rest(one.router)), *tried]
    recording.record([_met(one.router, one.problem, resting) for one in met], worker="")
    readable = [one for one in read if not one.problem]
    wrong = [found for one in readable for found in _wrong(one)]
    local = [found for one in readable for found in _strangers(one.router, one.entries, repair=repair)]
    unread = [(one.router, one.problem) for one in read if one.problem]
    findings.settle(Kind.LOCAL_ENTRY, local, router_ids=[one.router.pk for one in readable])
    findings.note(Kind.LOCAL_ENTRY, [*local, *(Found(r.pk, "", text) for r, text in unread if not _is_told_by_rest(r))])
    rested = [pk for pk, (_, rests) in resting.items() if rests]
    return Looked(wrong, len(local), [*rested, *(one.router.pk for one in met if one.problem)])


def _is_told_by_rest(router: Router) -> bool:
    """Whether it rests, and is well, by what its REST answers; how it answers RADIUS is another matter."""
    return router.kind == Router.Kind.ROUTEROS


class Read(NamedTuple):
    """What a router keeps itself and, when it keeps subscribers, the logins that are online; or why nobody knows."""

    router: Router
    problem: str = ""
    entries: Sequence[LocalEntry] = ()
    online: Collection[str] = ()


def _read(router: Router) -> Read:
    try:
        online = connections.online_on(router) if _is_told_by_rest(router) else ()
        return Read(router, "", connections.entries_on(router), online)
    except connections.Unread as error:
        return Read(router, str(error))
    except Exception as error:  # a bug with one router is not to hold up the others
        return Read(router, _fault(router, error))


def _try(router: Router) -> Read:
    try:
        result = connections.probe(router)
    except Exception as error:
        return Read(router, _fault(router, error))
    return Read(router, "" if result.outcome == "applied" else result.detail)


def _fault(router: Router, error: Exception) -> str:
    logger.exception("Router %d cannot be looked at", router.pk)
    return _("A fault of the program: {error}").format(error=type(error).__name__)


def _met(router: Router, problem: str, resting: dict[int, tuple[int, bool]]) -> recording.Met:
    if not problem:
        return recording.Met(router.pk)
    failures = resting.get(router.pk, (0, False))[0] + 1
    wait = rules.wait_for_router(failures, chance=random.random())  # noqa: S311  (no secret)
    return recording.Met(router.pk, failures, wait, problem)


def _ours(router: Router) -> list[tuple[str, int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_OURS, [router.pk])
        return list(cursor.fetchall())


def _by_login(entries: Sequence[LocalEntry]) -> dict[str, list[LocalEntry]]:
    """The entries that let somebody in, of the menu in which subscribers are kept."""
    found: dict[str, list[LocalEntry]] = {}
    for entry in entries:
        if entry.path == SECRETS and not entry.is_disabled:
            found.setdefault(entry.login, []).append(entry)
    return found


def _wrong(read: Read) -> list[Wrong]:
    """What is wrong with the subscribers whom a router keeps itself."""
    if not _is_told_by_rest(read.router):
        return []
    kept = _by_login(read.entries)
    compared = (_compared(read.router, one, kept.get(one[0], []), one[0] in read.online) for one in _ours(read.router))
    return [found for found in compared if found]


def _compared(
    router: Router, ours: tuple[str, int, str, str], entries: Sequence[LocalEntry], is_online: bool
) -> Wrong | None:
    """What is wrong with a subscriber whom these entries of the router let in."""
    login, subscription_id, state, wanted_class = ours
    if state == rules.OFF:
        is_let_in = bool(entries) or is_online
        detail, kind = (_("The router lets it in, and it is to be off") if is_let_in else ""), Kind.WRONG_STATE
    elif not entries:
        told = _("It is to be {state}, and the router does not let it in")
        detail, kind = told.format(state=codes.in_words(state)), Kind.WRONG_STATE
    else:
        mark, wanted = entries[0].mark, f"{MARK} {wanted_class}"
        told = _("The entry says “{mark}”, wanted is “{wanted}”")
        detail, kind = "" if mark == wanted else told.format(mark=mark, wanted=wanted), Kind.WRONG_SPEED
    return Wrong(subscription_id, router.pk, login, detail, kind) if detail else None


def _strangers(router: Router, entries: Sequence[LocalEntry], *, repair: str) -> list[Found]:
    """The users who are let in without billing: on a router with RADIUS all, on another those who are nobody's.

    Those that bear our mark were made for a login or a place that is given up: they are no decision of staff.
    """
    known: set[str] = set()
    if _is_told_by_rest(router):
        with connection.cursor() as cursor:
            cursor.execute(f"{_LOGINS} WHERE router_id = %s", [router.pk])
            known = {login for (login,) in cursor.fetchall()}
    strangers = [e for e in entries if not e.is_disabled and not (e.path == SECRETS and e.login in known)]
    for entry in strangers:
        if repair == "all" or (repair == "sessions" and entry.mark.startswith(MARK)):
            _disable(router, entry)
    return [Found(router.pk, entry.login[:64], _told(entry)) for entry in strangers]


def _told(entry: LocalEntry) -> str:
    return _("An entry of {path} lets it in").format(path=f"/{entry.path}")


def _disable(router: Router, entry: LocalEntry) -> None:
    """What cannot be disabled now is found again a minute later."""
    with suppress(connections.Unread):
        connections.disable_on(router, entry)
