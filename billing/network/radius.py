"""Routers that ask RADIUS: sessions are ended or changed by RFC 5176, and who may log in, FreeRADIUS tells them."""

from __future__ import annotations

import asyncio
from functools import partial

from billing.network import radius_packets as packets
from billing.network.base import Adapter, Outcome, Result, Session, State, Target, Wanted
from billing.network.radius_socket import Endpoint, Make, NoAnswer
from billing.rules.errors import said

NOBODY = Session(session_id="test-connection", login="test-connection")


class RadiusAdapter(Adapter):
    """Disconnect, or CoA where the router can and the session can stay."""

    def __init__(self, router: Target) -> None:
        super().__init__(router)
        self._endpoint: Endpoint | None = None
        self._connecting = asyncio.Lock()

    async def enforce(self, wanted: Wanted, session: Session | None) -> Result:
        """Without a session there is nothing to tell: the next login asks."""
        if session is None:
            return Result(Outcome.APPLIED, said("No session; the next login is answered as wanted"))
        if self.router.supports_coa and can_stay(session, wanted):
            changed = await self._tell("CoA", partial(packets.change, self.router, session, wanted))
            if changed.outcome != Outcome.REFUSED:
                return changed._replace(keeps_session=changed.outcome == Outcome.APPLIED)
        return await self._tell("Disconnect", partial(packets.disconnect, self.router, session))

    async def probe(self) -> Result:
        """Ask to end a session that does not exist: any answer that is signed with the secret is a good one."""
        try:
            endpoint = await self._open()
            reply = await endpoint.ask(partial(packets.disconnect, self.router, NOBODY))
        except (NoAnswer, OSError) as error:
            return self._unreachable(error)
        if packets.is_yes(reply):
            return Result(Outcome.APPLIED, said("The router answers and knows the secret; it accepts"))
        refusal = packets.refusal(reply)
        return Result(Outcome.APPLIED, said("The router answers and knows the secret. {refusal}", refusal=refusal))

    async def close(self) -> None:
        if self._endpoint:
            self._endpoint.close()

    async def _tell(self, what: str, make: Make) -> Result:
        try:
            endpoint = await self._open()
            reply = await endpoint.ask(make)
        except (NoAnswer, OSError) as error:
            return self._unreachable(error)
        except ValueError as error:
            return Result(Outcome.REFUSED, said("{packet} cannot be written: {error}", packet=what, error=error))
        if packets.is_yes(reply):
            return Result(Outcome.APPLIED, said("{packet} acknowledged", packet=what))
        gone = packets.error_cause(reply) == packets.SESSION_CONTEXT_NOT_FOUND
        return Result(Outcome.GONE if gone else Outcome.REFUSED, packets.refusal(reply))

    async def _open(self) -> Endpoint:
        async with self._connecting:
            if self._endpoint is None:
                router = self.router
                self._endpoint = await Endpoint.connect(router.address, router.coa_port, router.window)
            return self._endpoint

    def _unreachable(self, error: Exception) -> Result:
        return Result(
            Outcome.UNREACHABLE,
            said(
                "{error} ({address} port {port}): is it up, does it accept Disconnect and CoA from here, "
                "is the secret the same?",
                error=error,
                address=self.router.address,
                port=self.router.coa_port,
            ),
        )


def can_stay(session: Session, wanted: Wanted) -> bool:
    """Whether a session can become as wanted without a new login: its address and pool stay."""
    if wanted.state == State.OFF or not wanted.rate_limit:
        return False
    _, has_now, place_now = session.policy_class.partition("-")
    return bool(has_now) and place_now == wanted.policy_class.partition("-")[2]
