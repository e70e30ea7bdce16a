"""A router that is not told anything: to see in the log what would be done."""

from __future__ import annotations

import logging

from billing.network.base import Adapter, Outcome, Result, Session, Wanted

logger = logging.getLogger(__name__)


class DryRunAdapter(Adapter):
    """Says what would be done, and counts it as done."""

    async def enforce(self, wanted: Wanted, session: Session | None) -> Result:
        where = f"session {session.session_id}" if session else "the next login"
        text = f"Dry run: {wanted.login} would be {wanted.state.value} on {self.router.name} ({where})"
        logger.info("%s", text)
        return Result(Outcome.APPLIED, text, keeps_session=True)

    async def probe(self) -> Result:
        return Result(Outcome.APPLIED, "Dry run: nothing is sent")
