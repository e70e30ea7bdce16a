"""RouterOS 7 by REST: who does not sign in by RADIUS is an entry of ``/ppp/secret`` on the router itself."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from billing.network.base import Adapter, LocalEntry, Outcome, Result, Session, State, Target, Wanted
from billing.network.routeros_rest import CALLS_AT_ONCE, NoAnswer, NoSuchItem, Refusal, Rest
from billing.rules.errors import said

SECRETS, PROFILES, ACTIVE = "ppp/secret", "ppp/profile", "ppp/active"
HOTSPOT_USERS = "ip/hotspot/user"
MARK = "isp-billing"
CHANGING = f"{MARK} changing"  # until the sessions of before have ended
LONGEST = 12.0  # seconds for all calls of one subscriber

T = TypeVar("T")


class RouterOSAdapter(Adapter):
    """Entries are disabled before their sessions end, because a subscriber dials again at once.

    The comment of an entry names the policy that it was last brought to, so that what was cut off in
    between is done again, and what is done already disturbs nobody.
    """

    def __init__(self, router: Target) -> None:
        super().__init__(router)
        self._rest: Rest | None = None
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="routeros")
        self._profiles: set[str] = set()
        self._one_profile_at_a_time = asyncio.Lock()

    async def enforce(self, wanted: Wanted, session: Session | None) -> Result:
        """A session that is named began by RADIUS, which answers the next login: no entry is made beside it."""
        if wanted.state == State.OFF:
            deed = self._forbid(wanted, session)
        else:
            deed = self._end(session) if session else self._allow(wanted)
        try:
            async with asyncio.timeout(LONGEST):
                return await deed
        except TimeoutError:
            return Result(Outcome.UNREACHABLE, said("The router took longer than {seconds} s", seconds=round(LONGEST)))
        except NoAnswer as error:
            return Result(Outcome.UNREACHABLE, str(error))
        except Refusal as error:
            return Result(Outcome.REFUSED, str(error))

    async def probe(self) -> Result:
        try:
            system = await self._call(Rest.system)
        except (NoAnswer, Refusal) as error:
            return Result(Outcome.UNREACHABLE, str(error))
        version, board = system.get("version", "?"), system.get("board-name", "?")
        return Result(Outcome.APPLIED, said("RouterOS {version} on {board}", version=version, board=board))

    async def sessions(self) -> list[Session]:
        """Who is online; raises NoAnswer or Refusal."""
        found = await self._call(Rest.find, ACTIVE, ".id,name,session-id,address,radius")
        return [
            Session(item.get("session-id", item[".id"]), item["name"], framed_address=item.get("address"))
            for item in found
        ]

    async def local_entries(self) -> list[LocalEntry]:
        """The users whom the router lets in by itself, without asking RADIUS; raises NoAnswer or Refusal."""
        entries = []
        for path in (SECRETS, HOTSPOT_USERS):
            found = await self._call(Rest.find, path, ".id,name,disabled,comment")
            entries += [
                LocalEntry(i[".id"], path, i["name"], i.get("disabled") == "true", i.get("comment", ""))
                for i in found
                if i.get("name") and i.get("default") != "true"
            ]
        return entries

    async def disable(self, entry: LocalEntry) -> None:
        """Disable a user of the router's own, and end the sessions of the name; raises NoAnswer or Refusal."""
        await self._call(Rest.set, entry.path, entry.id, {"disabled": "true"})
        await self._end_sessions(entry.login)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._rest:
            self._rest.close()

    async def _forbid(self, wanted: Wanted, session: Session | None) -> Result:
        entries = await self._call(Rest.find, SECRETS, ".id,disabled", name=wanted.login)
        for entry in entries:
            if entry.get("disabled") != "true":
                await self._call(Rest.set, SECRETS, entry[".id"], {"disabled": "true"})
        ended = await self._end_sessions(session.login if session else wanted.login)
        if not entries and not ended:
            return Result(Outcome.GONE, said("The router knows neither an entry nor a session of this login"))
        return Result(Outcome.APPLIED, said("Entry disabled; sessions ended: {count}", count=ended))

    async def _end(self, session: Session) -> Result:
        if await self._end_sessions(session.login):
            return Result(Outcome.APPLIED, said("{packet} acknowledged", packet="Disconnect"))
        return Result(Outcome.GONE, said("The router knows neither an entry nor a session of this login"))

    async def _allow(self, wanted: Wanted) -> Result:
        mark = mark_of(wanted)
        values = {"password": wanted.password, "profile": await self._profile(wanted), "disabled": "false"}
        if wanted.framed_address:
            values["remote-address"] = wanted.framed_address
        entries = await self._call(Rest.find, SECRETS, ".id,comment,remote-address", name=wanted.login)
        if not entries:
            await self._call(Rest.add, SECRETS, {"name": wanted.login, "comment": mark, **values})
            return Result(Outcome.APPLIED, said("Entry added"))
        entry, ended = entries[0], 0
        is_new = entry.get("comment") != mark
        await self._call(Rest.set, SECRETS, entry[".id"], {**values, "comment": CHANGING if is_new else mark})
        if entry.get("remote-address") and not wanted.framed_address:
            await self._call(Rest.unset, SECRETS, entry[".id"], "remote-address")
        if is_new:
            ended = await self._end_sessions(wanted.login)
            await self._call(Rest.set, SECRETS, entry[".id"], {"comment": mark})
        return Result(Outcome.APPLIED, said("Entry enabled; sessions ended to dial anew: {count}", count=ended))

    async def _end_sessions(self, login: str) -> int:
        sessions = await self._call(Rest.find, ACTIVE, ".id", name=login)
        for session in sessions:
            try:
                await self._call(Rest.remove, ACTIVE, session[".id"])
            except NoSuchItem:
                continue
        return len(sessions)

    async def _profile(self, wanted: Wanted) -> str:
        """The name of the profile with this speed, pool and address list; it is made when it is missing."""
        name, values = profile_of(wanted)
        async with self._one_profile_at_a_time:
            if name not in self._profiles:
                if not await self._call(Rest.find, PROFILES, ".id", name=name):
                    await self._call(Rest.add, PROFILES, {"name": name, **values})
                self._profiles.add(name)
        return name

    async def _call(self, call: Callable[..., T], *arguments: Any, **where: str) -> T:
        if self._rest is None:
            self._rest = Rest(self.router)
        rest = self._rest
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(rest, *arguments, **where))


def mark_of(wanted: Wanted) -> str:
    """What is written beside an entry that is as wanted."""
    return f"{MARK} {wanted.policy_class}"


def profile_of(wanted: Wanted) -> tuple[str, dict[str, str]]:
    """The name of a profile, which says what is in it, and its values; the rest comes from the service's default."""
    values = {
        "rate-limit": wanted.rate_limit,
        "remote-address": wanted.pool,
        "address-list": wanted.address_list,
    }
    values = {name: value for name, value in values.items() if value}
    content = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:8]
    speed = (wanted.rate_limit or "unlimited").replace("/", "-")
    return f"{MARK}-{speed}-{content}", values
