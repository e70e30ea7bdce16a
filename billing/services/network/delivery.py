"""Delivery: what billing wants of the network is brought to the routers (rules N1 to N5).

Intents are claimed for a while, and each is read once more just before its router is told, so that nothing
old lands after something newer. Nothing waits for a router but what is meant for it; there is no end to trying.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from billing.network.base import Outcome, Result, Session
from billing.rules import network as rules
from billing.rules.network import Cuts
from billing.services.network import claiming, recording, targets
from billing.services.network.batching import Batches, Database
from billing.services.network.claiming import Need, Online, Wish
from billing.services.network.lanes import Lane
from billing.services.network.listening import Ear
from billing.services.network.recording import Delivered, Idle, Met, Postponed

logger = logging.getLogger(__name__)

CLAIM = 500  # intents taken by one statement
MOST_CLAIMED = 4_000  # intents taken and not done
LOOK = 1.0  # seconds after which it looks again, for what is tried again and should a notice be lost
TICK = 0.1  # seconds in which it learns that it is to stop
FOLLOW = 5.0  # seconds after which changed routers are noticed
LONGEST_DEED = 15.0  # seconds that a router is asked about one subscription, at most
DRAIN = 4.0  # seconds in which what is under way may end when the time is over
CROWDED = timedelta(seconds=1)
TELL_AGAIN, TELLS = 0.05, 200  # seconds after which, and how often, what somebody has locked is written again

Clock = Callable[[], datetime]


def deliver(*, stop: threading.Event, seconds: float, clock: Clock) -> int:
    """Deliver for so long, or until ``stop`` is set; how many intents were done.

    Any number of processes may do this at once. Returns at once while no router is in use.

    Raises:
        django.db.Error: the database does not answer; what was under way is done again by the next.
    """
    if not targets.is_any_active():
        return 0
    ear, database = Ear(), Database()
    try:
        return asyncio.run(Worker(ear, database, clock).work(stop, seconds))
    finally:
        ear.close()
        database.close()


class Told(NamedTuple):
    """What a router was told of a session, or of the subscriber whom it keeps itself: the class, and its answer."""

    online: Online | None
    policy_class: str
    result: Result


class Worker:
    """One worker in its event loop."""

    def __init__(self, ear: Ear, database: Database, clock: Clock) -> None:
        self.name = f"{socket.gethostname()[:50]}:{os.getpid()}:{random.randrange(10**6)}"  # noqa: S311  (no secret)
        self._ear, self._database, self._clock = ear, database, clock
        self._lanes: dict[int, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._needs = Batches[int, Need | None](database, self._read)
        self._outcomes = Batches[recording.Outcome, bool](database, self._write)
        self._done = 0
        self._is_full = False
        self._failure: BaseException | None = None

    async def work(self, stop: threading.Event, seconds: float) -> int:
        """Claim and deliver until the time is over, or ``stop``; how many were done."""
        self._ear.attend()
        now = asyncio.get_running_loop().time
        end, follow_at, look_at = now() + seconds, 0.0, 0.0
        is_more = False
        try:
            while not stop.is_set() and not self._failure and (now() < end or self._is_ending(end)):
                if now() >= follow_at:
                    await self._follow_routers()
                    follow_at = now() + FOLLOW
                if is_more or await self._ear.wait(TICK) or now() >= look_at:
                    is_more = await self._claim()
                    look_at = now() + LOOK
        finally:
            await self._end()
        if self._failure:
            raise self._failure
        return self._done

    def _is_ending(self, end: float) -> bool:
        """Whether something is under way that may still end; meanwhile the others go on as ever."""
        return bool(self._tasks) and asyncio.get_running_loop().time() < end + DRAIN

    async def _follow_routers(self) -> None:
        found = await self._database.run(targets.active)
        for reach in found:
            if lane := self._lanes.get(reach.id):
                lane.follow(reach)
            else:
                self._lanes[reach.id] = Lane(reach)
        for gone in set(self._lanes) - {reach.id for reach in found}:
            await self._lanes.pop(gone).close()

    async def _claim(self) -> bool:
        """Take what is due; whether there may be more to take at once."""
        room = min(CLAIM, MOST_CLAIMED - len(self._tasks))
        self._is_full = room < CLAIM
        if self._is_full:
            return False
        claimed = await self._database.run(lambda: claiming.claim(worker=self.name, limit=room))
        crowded = 0
        for subscription_id, (wish, router_ids) in claimed.items():
            lanes = [self._lanes[router_id] for router_id in router_ids if router_id in self._lanes]
            if not lanes:
                self._done += 1
                self._spawn(self._tell(Idle(subscription_id, wish)))
            elif any(lane.waiting >= lane.most_waiting for lane in lanes):
                crowded += 1
                self._spawn(self._tell(Postponed(subscription_id, CROWDED)))
            else:
                self._spawn(self._deliver(subscription_id, lanes))
        return len(claimed) == room and crowded < len(claimed)

    async def _deliver(self, subscription_id: int, lanes: list[Lane]) -> None:
        """Ask one router after the other, also those on which sessions have begun meanwhile."""
        give_up = asyncio.get_running_loop().time() + claiming.LEASE - LONGEST_DEED
        results: list[Told] = []
        needs: list[Need] = []
        for lane in lanes:
            await lane.enter()
            try:
                if why_not := self._why_not(lane, subscription_id, give_up):
                    return await self._tell(why_not)
                need = await self._needs.ask(subscription_id)
                if need is None:  # somebody else has it
                    return None
                needs.append(need)
                results += await self._enforce(lane, need)
            finally:
                lane.leave()
            found = (self._lanes.get(router_id) for router_id in need.router_ids)
            lanes += [other for other in found if other and other not in lanes]
        outcome = self._outcome(needs[0].wish, needs[-1], results, lanes)
        self._done += outcome.is_done
        await self._tell(outcome)
        return None

    def _why_not(self, lane: Lane, subscription_id: int, give_up: float) -> Postponed | None:
        """Why a router is not asked now: it rests, cannot be spoken to, or the lease is nearly over."""
        if rest := lane.rest():
            return Postponed(subscription_id, self._later(rest), lane.error)
        if lane.problem:
            return Postponed(subscription_id, rules.wait_after_refusal(chance=self._chance()), lane.problem)
        if asyncio.get_running_loop().time() > give_up:
            return Postponed(subscription_id, timedelta())
        return None

    async def _enforce(self, lane: Lane, need: Need) -> list[Told]:
        """Tell one router all that it has to know of a subscription."""
        results: list[Told] = []
        if need.account_router_id == lane.router_id:
            result = Result(Outcome.REFUSED, need.problem) if need.problem else await self._ask(lane, need, None)
            return [Told(None, need.wanted.policy_class, result)]
        for online in need.sessions:
            is_meant = online.router_id == lane.router_id and _is_wrong(online, need)
            if is_meant and need.cuts.may_cut(need.wanted.state):
                answer = await self._ask(lane, need, online.session)
                results.append(Told(online, need.wanted.policy_class, answer))
        return results

    async def _ask(self, lane: Lane, need: Need, session: Session | None) -> Result:
        try:
            result = await lane.adapter().enforce(need.wanted, session)
        except Exception as error:  # a bug with one subscriber is not to hold up the others
            logger.exception("Subscription %d cannot be delivered", need.subscription_id)
            return Result(Outcome.REFUSED, _("A fault of the program: {error}").format(error=type(error).__name__))
        await self._note(lane, result)
        return result

    async def _note(self, lane: Lane, result: Result) -> None:
        if result.outcome == Outcome.UNREACHABLE:
            lane.failed(result.detail)
            await self._tell(Met(lane.router_id, lane.failures, lane.rest(), result.detail))
        elif lane.answered():
            await self._tell(Met(lane.router_id))

    def _outcome(self, wish: Wish, need: Need, results: list[Told], lanes: list[Lane]) -> Delivered:
        """What is done is the first wish that a router was told; ``need`` is what was read last."""
        cuts = need.cuts
        for online, _class, result in results:
            if online and result.ends_session:
                cuts = cuts.after_cut(need.wanted.state, self._clock())
        failed = [result for *_told, result in results if result.outcome in {Outcome.REFUSED, Outcome.UNREACHABLE}]
        is_held = not cuts.may_cut(need.wanted.state)
        return Delivered(
            subscription_id=need.subscription_id,
            wish=wish,
            is_done=not failed,
            cuts=cuts,
            tries=1 if failed else 0,
            error=failed[0].detail if failed else "",
            wait=self._wait(failed[0], lanes) if failed else timedelta(),
            held=_held(need, cuts) if is_held else "",
            changed=[(o.pk, told) for o, told, result in results if o and result.keeps_session],
            gone=[o.unique_id for o, _class, result in results if o and result.outcome == Outcome.GONE],
        )

    def _wait(self, failed: Result, lanes: list[Lane]) -> timedelta:
        if failed.outcome == Outcome.REFUSED:
            return rules.wait_after_refusal(chance=self._chance())
        return self._later(max(lane.rest() for lane in lanes))

    def _later(self, rest: timedelta) -> timedelta:
        """A little after a router's rest, so that one question comes first and not all at once."""
        return rest + timedelta(seconds=self._chance())

    @staticmethod
    def _chance() -> float:
        return random.random()  # noqa: S311  (no secret)

    async def _tell(self, outcome: recording.Outcome) -> None:
        for _again in range(TELLS):
            if await self._outcomes.ask(outcome):
                return
            await asyncio.sleep(TELL_AGAIN)

    def _read(self, subscription_ids: list[int]) -> list[Need | None]:
        found = claiming.needs(subscription_ids, worker=self.name)
        return [found.get(subscription_id) for subscription_id in subscription_ids]

    def _write(self, outcomes: list[recording.Outcome]) -> list[bool]:
        """Whether each is written; a transaction that decides something new may have locked it."""
        recorded = recording.record(outcomes, worker=self.name)
        if recorded.is_newer:
            self._ear.wake()
        return [isinstance(one, Met) or one.subscription_id not in recorded.locked for one in outcomes]

    def _spawn(self, deed: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(deed)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._failure = self._failure or error
            self._ear.woken.set()
        elif self._is_full and len(self._tasks) <= MOST_CLAIMED - CLAIM:
            self._ear.woken.set()

    async def _end(self) -> None:
        """Write what is known, give the rest back, close what is open."""
        self._ear.turn_away()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes.values():
            await lane.close()
        if self._failure is None:
            with suppress(asyncio.CancelledError):
                await self._outcomes.settle()
                await self._database.run(lambda: claiming.give_back(worker=self.name))


def _is_wrong(online: Online, need: Need) -> bool:
    return rules.is_wrong(
        state=need.wanted.state,
        session_class=online.session.policy_class,
        wanted_class=need.wanted.policy_class,
    )


def _held(need: Need, cuts: Cuts) -> str:
    told = _(
        "Within an hour {count} sessions were ended and came back unlike {wanted}: "
        "does the router give back Class, and does it take what FreeRADIUS answers?"
    )
    return need.held or told.format(count=cuts.count, wanted=need.wanted.policy_class)
