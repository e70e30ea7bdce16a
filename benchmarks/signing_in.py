"""Many subscribers who sign in: each place asks anew when it is answered (a closed loop)."""

from __future__ import annotations

import hashlib
import hmac
import os
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Sequence

PLACES, SECONDS = 64, 5


def request(number: int, login: str, password: str, secret: str) -> bytes:
    """The signed Access-Request by PAP that is number ``number`` of all; the password has at most 16 bytes."""
    authenticator, name = os.urandom(16), login.encode()
    key = hashlib.md5(secret.encode() + authenticator).digest()
    hidden = bytes(one ^ other for one, other in zip(password.encode().ljust(16, b"\0"), key, strict=True))
    body = struct.pack("!BB", 80, 18) + bytes(16)
    body += struct.pack("!BB", 1, len(name) + 2) + name + struct.pack("!BB", 2, 18) + hidden
    head = struct.pack("!BBH", 1, number // PLACES % 256, 20 + len(body)) + authenticator
    mac = hmac.digest(secret.encode(), head + body, "md5")
    return head + body[:2] + mac + body[18:]


def ask(port: int, packets: Sequence[bytes]) -> tuple[float, Counter[int]]:
    """Send all packets from 64 places; the seconds it took and how often each code was the answer."""
    places = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(PLACES)]
    poller, codes = select.epoll(), bytearray()
    lines = {}
    for first, place in enumerate(places):
        place.connect(("127.0.0.1", port))
        poller.register(place, select.EPOLLIN)
        lines[place.fileno()] = place.recv, place.send, iter(packets[first::PLACES])
    began = time.perf_counter()
    for _, send, waiting in lines.values():
        send(next(waiting))
    while len(codes) < len(packets):
        ready = poller.poll(SECONDS)
        assert ready, f"{len(packets) - len(codes)} of {len(packets)} were not answered"
        for number, _ in ready:
            receive, send, waiting = lines[number]
            codes += receive(1)  # the first byte is the code
            if packet := next(waiting, None):
                send(packet)
    seconds = time.perf_counter() - began
    for place in places:
        place.close()
    return seconds, Counter(codes)
