"""One check of the books, and the statement behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A figure that is stored and can be computed again.

    ``query`` gives one row (id, stored, expected) for each row that it looks at; ``rows_of`` says
    what the ids are of. It may use the parameters ``now``, ``currency``, ``decimals``, ``minimum`` (the
    largest debt that cuts nobody) and ``cuts_are_allowed`` (now and an hour ago). What
    differs in a check that is ``tolerated`` is reported and is no error.
    """

    name: str
    rows_of: str
    query: str
    tolerated: bool = False
