"""Keep passwords of subscribers and secrets of routers sealed in the database, with a key that is not in it.

PostgreSQL opens them for RADIUS by the same recipe (``radius.unseal``), so it is made of what both have without
extensions: HMAC-SHA-256. Sealed is ``nonce (16) + text XOR stream + tag (32)``; the stream's block *i* is the HMAC
of the nonce and *i*, the tag the HMAC of all before it, each under a key of its own derived from NETWORK_KEY.
"""

from __future__ import annotations

import hmac
import os
import re
from itertools import count

from django.conf import settings

from billing.rules.errors import Refused

NONCE, TAG = 16, 32  # bytes
LONGEST = 256  # bytes of UTF-8
KEYS = re.compile(r"[A-Za-z0-9_-]{32,200}")


class WrongKey(Refused):
    """What is sealed was sealed with another key, or changed since."""


def seal(text: str, *, key: str | None = None) -> bytes:
    """``text`` sealed with NETWORK_KEY, or with ``key`` where that is about to follow it; another result each time.

    Raises:
        Refused: there is no NETWORK_KEY, or the text is empty or longer than 256 bytes.
    """
    plain = text.encode()
    if not 0 < len(plain) <= LONGEST:
        raise Refused(
            "What is to be sealed has {plain} bytes: 1 to {longest} can be.", plain=len(plain), longest=LONGEST
        )
    nonce = os.urandom(NONCE)
    key = settings.NETWORK_KEY if key is None else key
    sealed = nonce + _crossed(plain, nonce, key)
    return sealed + _mac("tag", sealed, key)


def unseal(sealed: bytes | memoryview) -> str:
    """The text that was sealed.

    Raises:
        WrongKey: it was sealed with another NETWORK_KEY, or it was changed.
        Refused: there is no NETWORK_KEY.
    """
    body, tag, key = bytes(sealed)[:-TAG], bytes(sealed)[-TAG:], settings.NETWORK_KEY
    if len(body) <= NONCE or not hmac.compare_digest(_mac("tag", body, key), tag):
        raise WrongKey("It cannot be opened: NETWORK_KEY is not the key with which it was sealed.")
    return _crossed(body[NONCE:], body[:NONCE], key).decode()


def _crossed(text: bytes, nonce: bytes, key: str) -> bytes:
    stream = b""
    for number in count():
        if len(stream) >= len(text):
            break
        stream += _mac("stream", nonce + number.to_bytes(4, "big"), key)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _mac(purpose: str, message: bytes, key: str) -> bytes:
    if not key:
        raise Refused("There is no NETWORK_KEY: set it to at least 32 random characters to use routers and passwords.")
    derived = hmac.digest(key.encode(), purpose.encode(), "sha256")
    return hmac.digest(derived, message, "sha256")
