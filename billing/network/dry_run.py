"""A router that is not told anything: to see in the log what would be done."""

from __future__ import annotations

import logging

from billing.network.base import Adapter, Outcome, Result, Session, Wanted
from billing.rules.errors import said

logger = logging.getLogger(__name__)


class DryRunAdapter(Adapter):
    """Says what would be done, and counts it as done."""

    async def enforce(self, wanted: Wanted, session: Session | None) -> Result:
        who = {"login": wanted.login, "state": wanted.state.value, "router": self.router.name}
        if session:
            text = said("Dry run: {login} would be {state} on {router} (session {id})", id=session.session_id, **who)
        else:
            text = said("Dry run: {login} would be {state} on {router} (the next login)", **who)
        logger.info("%s", text)
        return Result(Outcome.APPLIED, text, keeps_session=True)

    async def probe(self) -> Result:
        return Result(Outcome.APPLIED, said("Dry run: nothing is sent"))
