"""Speaking to one router while somebody waits: to try it, and to read what it keeps itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from billing.models import Router
from billing.network.adapters import open_adapter
from billing.network.base import Adapter, LocalEntry, Outcome, Result, Session, State, Wanted
from billing.network.routeros import RouterOSAdapter
from billing.network.routeros_rest import NoAnswer, Refusal
from billing.rules.errors import Refused, said
from billing.services.network.targets import target_of

LONGEST = 20.0  # seconds for all that is asked of a router at once: one that is slow without an end holds up nobody

Made = TypeVar("Made", bound=Adapter)
T = TypeVar("T")


class Unread(Exception):
    """What a router keeps cannot be read; the text says why."""


def probe(router: Router) -> Result:
    """Whether a router answers and knows us; a few seconds at most, and nothing is changed."""
    try:
        adapter = open_adapter(target_of(router))
    except Refused as reason:
        return Result(Outcome.REFUSED, str(reason))
    try:
        return asyncio.run(_with(adapter, lambda adapter: adapter.probe()))
    except TimeoutError:
        return Result(Outcome.UNREACHABLE, _too_slow())


def entries_on(router: Router) -> list[LocalEntry]:
    """The users whom a RouterOS router lets in without RADIUS.

    Raises:
        Unread: it does not answer, or does not tell.
    """
    return _routeros(router, lambda adapter: adapter.local_entries())


def online_on(router: Router) -> set[str]:
    """The logins of the sessions that a RouterOS router has now.

    Raises:
        Unread: it does not answer, or does not tell.
    """
    return {session.login for session in _routeros(router, lambda adapter: adapter.sessions())}


def disable_on(router: Router, entry: LocalEntry) -> None:
    """Disable one of those and end its sessions.

    Raises:
        Unread: it does not answer, or does not do it.
    """
    _routeros(router, lambda adapter: adapter.disable(entry))


def end(router: Router, sessions: Sequence[Session]) -> list[Result]:
    """End sessions of nobody on one router; what cannot be ended is tried the next time it is looked at."""
    try:
        adapter = open_adapter(target_of(router))
    except Refused as reason:
        return [Result(Outcome.REFUSED, str(reason))]

    async def end_all(adapter: Adapter) -> list[Result]:
        wanted = (Wanted(session.login, State.OFF, "") for session in sessions)
        return list(await asyncio.gather(*map(adapter.enforce, wanted, sessions)))

    try:
        return asyncio.run(_with(adapter, end_all))
    except TimeoutError:
        return [Result(Outcome.UNREACHABLE, _too_slow())]


def _routeros(router: Router, deed: Callable[[RouterOSAdapter], Awaitable[T]]) -> T:
    try:
        return asyncio.run(_with(RouterOSAdapter(target_of(router)), deed))
    except (NoAnswer, Refusal, Refused) as error:
        raise Unread(str(error)) from error
    except TimeoutError as error:
        raise Unread(_too_slow()) from error


def _too_slow() -> str:
    return said("The router took longer than {seconds} s", seconds=round(LONGEST))


async def _with(adapter: Made, deed: Callable[[Made], Awaitable[T]]) -> T:
    try:
        async with asyncio.timeout(LONGEST):
            return await deed(adapter)
    finally:
        await adapter.close()
