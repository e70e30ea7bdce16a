"""Lock the sign-in after wrong passwords: a name at an address soon, a whole address later.

An office often has one address for all, so a colleague's slips must not lock the others out; and a stranger
must not lock a member of staff out from elsewhere.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest


class LockHandler(AxesDatabaseHandler):
    """Counts as ``AXES_LOCKOUT_PARAMETERS`` says, with a limit of its own for the address."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        of_name, of_address = (
            attempts.aggregate(count=Sum("failures_since_start"))["count"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        if of_address >= settings.SIGN_IN_FAILURES_OF_ADDRESS:
            return max(of_name, settings.SIGN_IN_FAILURES)
        return int(of_name)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """After a good password forget the failures of this name here, but not those of others at the address."""
        of_name, _ = self.filter_user_attempts(request, credentials)
        return int(of_name.delete()[0])
