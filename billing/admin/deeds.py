"""Actions that move money or access by one service: previewed by a rehearsal, told by what they changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.consequences import sentences
from billing.services.rehearsal import rehearse
from billing.services.standing import Standing, standing


class Deed(ActionPage):
    """A subclass names the ``service`` and the argument of it that the row is (``row_is``)."""

    service: ClassVar[Callable[..., Any]]
    row_is: ClassVar[str]
    has_preview = True
    follows: Sequence[str] = ()
    stood: tuple[Standing, Standing] | None = None  # before and after

    def service_for(self, data: dict[str, Any]) -> Callable[..., Any]:
        return type(self).service

    @property
    def customer_id(self) -> int:
        return int(self.row.customer_id)

    def arguments(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the service is called with."""
        return {self.row_is: self.row, "now": self.now, "by": self.request.user, **data}

    def previewed(self, done: Any) -> Facts:
        """Facts of the outcome, read while it is there."""
        return []

    def outcome(self, done: Any) -> str:
        """The first sentence of the message."""
        raise NotImplementedError

    def next_step(self, done: Any) -> str:
        """What staff do next; the last sentence of the message."""
        return ""

    def preview(self, data: dict[str, Any]) -> tuple[Facts, Sequence[str]]:
        before, arguments = standing(self.customer_id), self.arguments(data)
        try:
            return rehearse(self.service_for(data), lambda done: self._seen(done, before), **arguments)
        finally:
            self.row.refresh_from_db()

    def act(self, data: dict[str, Any]) -> Any:
        before = standing(self.customer_id)
        done = self.service_for(data)(**self.arguments(data))
        after = standing(self.customer_id)
        self.stood = (before, after)
        self.before, self.after = before.facts, after.facts
        return done

    def told(self, done: Any) -> str:
        self.follows = sentences(*self.stood, now=self.now) if self.stood else ()
        return " ".join(part for part in (self.outcome(done), *self.follows, self.next_step(done)) if part)

    def _seen(self, done: Any, before: Any) -> tuple[Facts, Sequence[str]]:
        after = standing(before.customer_id)
        facts, found = self.previewed(done), sentences(before, after, now=self.now, is_preview=True)
        return facts, found or [_("Nothing changes for the customer's bills, credit and access.")]
