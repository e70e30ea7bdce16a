"""Made-up routers for network-cuts, a process of their own: ``python -m benchmarks.routers 20 1``.

So many of them end a session in 5 ms, one after the other, as real ones do; so many more are silent. When its
input ends it prints when each session was ended, by its identifier, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from pyrad.packet import CoAPacket, DisconnectACK

from billing.network.radius_packets import DICTIONARY

SECRET = "a secret of made-up routers, which is long enough"
PORT = 33799
SECONDS = 0.005  # per session


def address(number: int) -> str:
    return f"127.0.1.{number + 1}"


class MadeUpRouter(asyncio.DatagramProtocol):
    def __init__(self, ended: dict[str, float]) -> None:
        self._ended = ended
        self._free_at = 0.0

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender) -> None:
        loop = asyncio.get_running_loop()
        self._free_at = max(self._free_at, loop.time()) + SECONDS
        loop.call_at(self._free_at, self._end, data, sender)

    def _end(self, data: bytes, sender) -> None:
        request = CoAPacket(packet=data, secret=SECRET.encode(), dict=DICTIONARY)
        assert request.VerifyCoARequest()
        self._ended.setdefault(request["Acct-Session-Id"][0], time.time())
        reply = request.CreateReply()
        reply.code = DisconnectACK
        self._transport.sendto(reply.ReplyPacket(), sender)


async def main(alive: int, silent: int) -> None:
    ended: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    for number in range(alive + silent):
        kind = (lambda: MadeUpRouter(ended)) if number < alive else asyncio.DatagramProtocol
        await loop.create_datagram_endpoint(kind, local_addr=(address(number), PORT))
    print("Ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
