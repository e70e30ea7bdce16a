"""A router of the tests that takes Disconnect and CoA: pyrad's server with sessions and the faults of real ones."""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass

from pyrad import packet
from pyrad.packet import PacketError
from pyrad.server import RemoteHost, Server, ServerPacketError

from billing.network.base import Session, Target
from billing.network.radius_packets import DICTIONARY

SECRET = b"the secret of a router in tests, long enough"


@dataclass
class Online:
    """A session on the router."""

    login: str
    rate: str = ""
    address_list: str = ""
    policy_class: str = ""


class FakeRadiusRouter(Server):
    """Answers one packet after the other; ``delay`` is its time for each.

    ``told`` has what it was asked, at which ``times``, and ``bytes`` every packet: one that is sent again because the
    answer took long is answered as before (RFC 5080). ``is_silent`` drops packets, ``forges`` answers with the wrong
    secret, ``keeps_sessions`` acknowledges and does nothing, ``refuses`` is an Error-Cause by packet code.
    ``hurry`` ends the delays.
    """

    def __init__(self, address: str = "127.0.0.1", secret: bytes = SECRET, delay: float = 0.0) -> None:
        super().__init__(auth_enabled=False, acct_enabled=False, coa_enabled=True, dict=DICTIONARY)
        self.hosts = {"0.0.0.0": RemoteHost("0.0.0.0", secret, "billing")}
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((address, 0))
        self.address, self.port, self.delay = address, self.socket.getsockname()[1], delay
        self.sessions: dict[str, Online] = {}
        self.told: list[tuple[str, str]] = []
        self.bytes: list[bytes] = []
        self.times: list[float] = []
        self.is_silent = self.forges = self.keeps_sessions = False
        self.refuses: dict[int, int] = {}
        self.hurry = threading.Event()
        self._seen: set[tuple[object, bytes]] = set()
        self._answers: dict[tuple[object, bytes], packet.Packet] = {}
        self._is_over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def target(self, **changes) -> Target:
        values = {"name": "fake", "kind": "radius", "address": self.address, "secret": SECRET, "coa_port": self.port}
        return Target(**{**values, **changes})

    def log_in(self, login: str, policy_class: str = "", session_id: str = "") -> Session:
        session_id = session_id or f"s-{login}"
        self.sessions[session_id] = Online(login, policy_class=policy_class)
        return Session(session_id, login, self.address, None, policy_class)

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self._is_over:
            ready, _, _ = select.select([self.socket], [], [], 0.02)
            if ready:
                try:
                    self._ProcessInput(self.socket)
                except (PacketError, ServerPacketError):
                    continue

    def HandleDisconnectPacket(self, pkt) -> None:  # noqa: N802  (pyrad's name)
        self._handle("disconnect", pkt)

    def HandleCoaPacket(self, pkt) -> None:  # noqa: N802
        self._handle("coa", pkt)

    def _handle(self, what, pkt) -> None:
        if not pkt.message_authenticator or not pkt.verify_message_authenticator():
            raise ServerPacketError("not signed")
        asked = pkt.source, pkt.raw_packet
        if asked not in self._seen:
            self._seen.add(asked)
            self.times.append(time.time())
            self.told.append((what, pkt["User-Name"][0]))
        self.bytes.append(pkt.raw_packet)
        if self.is_silent:
            return
        if asked not in self._answers:
            self._answers[asked] = self._answer(what, pkt)
        self.SendReplyPacket(pkt.fd, self._answers[asked])

    def _answer(self, what, pkt) -> packet.Packet:
        if self.delay:
            self.hurry.wait(self.delay)
        reply = self.CreateReplyPacket(pkt)
        cause = self.refuses.get(pkt.code) or self._carry_out(what, pkt)
        if cause:
            reply.code = packet.DisconnectNAK if what == "disconnect" else packet.CoANAK
            reply["Error-Cause"] = cause
        if self.forges:
            reply.secret = b"another"
        return reply

    def _carry_out(self, what, pkt) -> int | None:
        session_id = pkt["Acct-Session-Id"][0]
        if session_id not in self.sessions or self.sessions[session_id].login != pkt["User-Name"][0]:
            return 503  # all that names a session has to match (RFC 5176, 3)
        if self.keeps_sessions:
            return None
        if what == "disconnect":
            del self.sessions[session_id]
        else:
            online = self.sessions[session_id]
            online.rate, online.address_list = pkt["Mikrotik-Rate-Limit"][0], pkt["Mikrotik-Address-List"][0]
            online.policy_class = pkt["Class"][0].decode()
        return None
