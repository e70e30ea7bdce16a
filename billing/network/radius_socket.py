"""One connected UDP socket to one router: a window of questions in flight, the same bytes sent again, true answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from pyrad.packet import CoAPacket

from billing.network import radius_packets
from billing.rules.errors import Refused, said

SENDS = 3
WAIT = 1.0  # seconds for an answer after each sending
NUMBERS = 256  # identifiers of a packet have eight bits

Make = Callable[[int], CoAPacket]


class NoAnswer(Refused):
    """The router did not answer; the text says how that showed."""


class Endpoint(asyncio.DatagramProtocol):
    """A socket of our own for each router, because a shared one hands answers to the wrong question.

    It is connected, so that only datagrams of the router arrive, and a closed port shows at once.
    """

    def __init__(self, window: int) -> None:
        self._window = asyncio.Semaphore(window)
        self._numbers = deque(range(NUMBERS))
        self._open: dict[int, tuple[CoAPacket, asyncio.Future[CoAPacket]]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def connect(cls, address: str, port: int, window: int) -> Endpoint:
        """Raises OSError when there is no way to the address."""
        loop = asyncio.get_running_loop()
        _, endpoint = await loop.create_datagram_endpoint(lambda: cls(window), remote_addr=(address, port))
        return endpoint

    async def ask(self, make: Make) -> CoAPacket:
        """Send what ``make`` makes of a free identifier, and wait for its answer.

        Raises:
            NoAnswer: none came, or the router's machine says that nobody listens.
        """
        async with self._window:
            number = self._numbers.popleft()
            try:
                return await self._exchange(make(number))
            finally:
                self._numbers.append(number)  # the longest unused comes next, so that late answers meet nobody

    async def _exchange(self, request: CoAPacket) -> CoAPacket:
        if self._transport is None or self._transport.is_closing():
            raise NoAnswer("The socket is closed")
        data = request.RequestPacket()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[CoAPacket] = loop.create_future()
        self._open[request.id] = (request, answer)
        give_up = loop.time() + SENDS * WAIT
        try:
            for _ in range(SENDS):
                self._transport.sendto(data)
                await asyncio.wait({answer}, timeout=WAIT)
                if answer.done():
                    return answer.result()
                if loop.time() >= give_up:  # also after this process was frozen: nothing old is sent again
                    break
        finally:
            del self._open[request.id]
        raise NoAnswer("No answer to {count} packets", count=SENDS)

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: object) -> None:
        question = self._open.get(data[1]) if len(data) > 1 else None
        if question is None:
            return
        request, answer = question
        reply = radius_packets.answer_to(request, data)
        if reply is not None and not answer.done():
            answer.set_result(reply)

    def error_received(self, error: Exception) -> None:
        for _, answer in self._open.values():
            if not answer.done():
                answer.set_exception(NoAnswer("Nobody listens there ({error})", error=error))

    def connection_lost(self, error: Exception | None) -> None:
        self.error_received(error or ConnectionError(said("the socket was closed")))
