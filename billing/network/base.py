"""What every adapter takes and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How a router answered."""

    APPLIED = "applied"  # it is as wanted, or will be at the next login
    GONE = "gone"  # the router does not know the session
    REFUSED = "refused"  # it answered, and does not do it
    UNREACHABLE = "unreachable"  # nobody knows whether it did it


class Result(NamedTuple):
    """An outcome, what was done or why not in words without a secret, and whether the session lives on as wanted."""

    outcome: Outcome
    detail: str = ""
    keeps_session: bool = False

    @property
    def ends_session(self) -> bool:
        """Whether the session is over, as far as the router says."""
        return self.outcome == Outcome.GONE or (self.outcome == Outcome.APPLIED and not self.keeps_session)


class State(StrEnum):
    """What a subscriber may: everything, reach the page that says what is owed, nothing."""

    ON = "on"
    GARDEN = "garden"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Target:
    """A router as an adapter needs it; secrets are in clear and never shown."""

    name: str
    kind: str
    address: str
    secret: bytes = field(default=b"", repr=False)
    coa_port: int = 3799
    supports_coa: bool = False
    window: int = 32
    rest_url: str = ""
    rest_user: str = ""
    rest_password: str = field(default="", repr=False)
    certificate_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the router reported it; ``policy_class`` is what it runs under."""

    session_id: str
    login: str
    nas_address: str = ""
    framed_address: str | None = None
    policy_class: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription is to have; speeds in kbit/s, None without a limit.

    ``policy_class`` is ``<subscription id>:<hash of all of it>-<hash of pool and address>``.
    """

    login: str
    state: State
    policy_class: str
    download_kbps: int | None = None
    upload_kbps: int | None = None
    pool: str = ""
    address_list: str = ""
    framed_address: str | None = None
    password: str = field(default="", repr=False)

    @property
    def rate_limit(self) -> str:
        """As RouterOS writes it, from the router's view: what it receives comes first, such as ``5000k/20000k``."""
        if self.upload_kbps is None or self.download_kbps is None:
            return ""
        return f"{self.upload_kbps}k/{self.download_kbps}k"


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """A user whom a router knows by itself; ``mark`` is what this program wrote beside it."""

    id: str
    path: str
    login: str
    is_disabled: bool
    mark: str = ""


class Adapter(ABC):
    """One router. Nothing raises for trouble with the network, and everything may be done twice.

    It belongs to the event loop in which it is first used; ``close`` it there.
    """

    def __init__(self, router: Target) -> None:
        self.router = router

    @abstractmethod
    async def enforce(self, wanted: Wanted, session: Session | None) -> Result:
        """Make one session, or the router's own entry of the subscriber, be as wanted (rule N3)."""

    @abstractmethod
    async def probe(self) -> Result:
        """Ask something that changes nothing: APPLIED when the router answers and knows us."""

    async def close(self) -> None:  # noqa: B027  (an adapter without a connection has nothing to close)
        """Give sockets and threads back."""
