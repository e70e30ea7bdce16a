"""A router as RFC 2865, 2866 and 2869 have it, written from them alone: what it sends and how it reads answers."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
import subprocess
from dataclasses import dataclass, field
from itertools import count

ACCESS_REQUEST, ACCEPT, REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 1, 2, 3, 4, 5
NUMBERS = {
    "User-Name": 1, "User-Password": 2, "CHAP-Password": 3, "NAS-IP-Address": 4, "Framed-IP-Address": 8,
    "Reply-Message": 18, "Class": 25, "Session-Timeout": 27, "Calling-Station-Id": 31, "Acct-Status-Type": 40,
    "Acct-Delay-Time": 41,
    "Acct-Input-Octets": 42, "Acct-Output-Octets": 43, "Acct-Session-Id": 44, "Acct-Session-Time": 46,
    "Acct-Terminate-Cause": 49, "Acct-Input-Gigawords": 52, "Acct-Output-Gigawords": 53, "Event-Timestamp": 55,
    "CHAP-Challenge": 60, "Message-Authenticator": 80, "Acct-Interim-Interval": 85, "Framed-Pool": 88,
    "NAS-IPv6-Address": 95,
}  # fmt: skip
NAMES = {number: name for name, number in NUMBERS.items()}
VENDORS = {(14988, 8): "Mikrotik-Rate-Limit", (14988, 19): "Mikrotik-Address-List", (311, 26): "MS-CHAP2-Success"}
ADDRESSES = {"NAS-IP-Address": socket.AF_INET, "Framed-IP-Address": socket.AF_INET, "NAS-IPv6-Address": socket.AF_INET6}
START, STOP, INTERIM, ON, OFF = 1, 2, 3, 7, 8
STATION = b"00:11:22:33:44:55"
LONG, SILENCE = 20, 1  # seconds to wait for an answer, and where there is to be none
MS_CHAP_CHALLENGE, MS_CHAP2_RESPONSE = 11, 25

_identifiers = count(1)


@dataclass(frozen=True)
class Answer:
    code: int
    attributes: dict = field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        return self.code == ACCEPT


class Nas:
    """One router: its own address, so that the server tells it from others, and its own secret."""

    def __init__(self, server, *, address: str, secret: str) -> None:
        self.server, self.address, self.secret = server, address, secret.encode()
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def sign_in(self, login: str, password: str, *, how: str = "pap", **options):
        """Ask for access; the answer, or None when there was none."""
        authenticator = os.urandom(16)
        name = login.encode()
        pairs = [_pair("User-Name", name), _pair("Calling-Station-Id", STATION)]
        if how == "pap":
            pairs.append(_pair("User-Password", self._hidden(password.encode(), authenticator)))
        elif how == "chap":
            digest = hashlib.md5(b"\x07" + password.encode() + authenticator).digest()
            pairs.append(_pair("CHAP-Password", b"\x07" + digest))
        else:
            pairs += _ms_chap2(name, password)
        return self.ask(ACCESS_REQUEST, pairs, authenticator, port=self.server.auth_port, **options)

    def account(self, kind: int, *, seconds: float = LONG, **attributes):
        """Report a session; whether it was acknowledged."""
        own_address = "NAS-IPv6-Address" if self.family == socket.AF_INET6 else "NAS-IP-Address"
        values = {"Acct-Status-Type": kind, own_address: self.address}
        values.update({name.replace("_", "-"): value for name, value in attributes.items()})
        pairs = [_pair(name, _bytes(name, value)) for name, value in values.items()]
        answer = self.ask(ACCOUNTING_REQUEST, pairs, None, port=self.server.acct_port, signs=False, seconds=seconds)
        return answer is not None and answer.code == ACCOUNTING_RESPONSE

    def ask(self, code, pairs, authenticator, *, port, signs=True, seconds=LONG, secret=None):
        secret = (secret or self.secret.decode()).encode()
        identifier = next(_identifiers) % 256
        if signs:
            pairs = [_pair("Message-Authenticator", bytes(16)), *pairs]
        body = b"".join(pairs)
        head = struct.pack("!BBH", code, identifier, 20 + len(body))
        if authenticator is None:
            authenticator = hashlib.md5(head + bytes(16) + body + secret).digest()
        if signs:
            mac = hmac.digest(secret, head + authenticator + body, "md5")
            body = body.replace(_pair("Message-Authenticator", bytes(16)), _pair("Message-Authenticator", mac), 1)
        with socket.socket(self.family, socket.SOCK_DGRAM) as line:
            line.bind((self.address, 0))
            line.connect(("::1" if self.family == socket.AF_INET6 else "127.0.0.1", port))
            line.settimeout(seconds)
            line.send(head + authenticator + body)
            try:
                return self._read(line.recv(4096), identifier, authenticator, secret)
            except (TimeoutError, ConnectionRefusedError):
                return None

    def _hidden(self, password: bytes, authenticator: bytes) -> bytes:
        padded = password.ljust(-(-len(password) // 16) * 16 or 16, b"\0")
        hidden, last = b"", authenticator
        for place in range(0, len(padded), 16):
            key = hashlib.md5(self.secret + last).digest()
            last = bytes(one ^ other for one, other in zip(padded[place : place + 16], key, strict=True))
            hidden += last
        return hidden

    @staticmethod
    def _read(packet: bytes, identifier: int, authenticator: bytes, secret: bytes) -> Answer:
        code, got, length = struct.unpack("!BBH", packet[:4])
        assert (got, length) == (identifier, len(packet))
        assert hashlib.md5(packet[:4] + authenticator + packet[20:] + secret).digest() == packet[4:20], "forged"
        answer = Answer(code, dict(_parsed(packet[20:])))
        mac = answer.attributes.get("Message-Authenticator")
        if mac:
            unsigned = packet[20:].replace(mac, bytes(16), 1)
            assert hmac.digest(secret, packet[:4] + authenticator + unsigned, "md5") == mac, "wrong authenticator"
        return answer


def _pair(name: str, value: bytes) -> bytes:
    return struct.pack("!BB", NUMBERS[name], len(value) + 2) + value


def _bytes(name: str, value) -> bytes:
    if name in ADDRESSES:
        return socket.inet_pton(ADDRESSES[name], value)
    if isinstance(value, int):
        return struct.pack("!I", value)
    return value.encode() if isinstance(value, str) else value


def _parsed(body: bytes):
    while body:
        number, length, value = body[0], body[1], body[2 : body[1]]
        if number == 26:
            vendor = struct.unpack("!I", value[:4])[0]
            yield VENDORS.get((vendor, value[4]), f"{vendor}-{value[4]}"), value[6:].decode("latin-1")
        else:
            yield NAMES.get(number, number), _value(NAMES.get(number), value)
        body = body[length:]


def _value(name, value: bytes):
    if name == "Message-Authenticator":
        return value
    if name in ADDRESSES:
        return socket.inet_ntop(ADDRESSES[name], value)
    if name in {"Session-Timeout", "Acct-Interim-Interval"}:
        return struct.unpack("!I", value)[0]
    return value.decode("latin-1")


def _ms_chap2(name: bytes, password: str) -> list[bytes]:
    """RFC 2759: three DES keys out of the MD4 of the password."""
    theirs, ours = os.urandom(16), os.urandom(16)
    challenge = hashlib.sha1(ours + theirs + name).digest()[:8]
    keys = _openssl("dgst", "-md4", "-binary", text=password.encode("utf-16-le")).ljust(21, b"\0")
    response = b"".join(
        _openssl("enc", "-des-ecb", "-nopad", "-K", _odd(keys[place : place + 7]).hex(), text=challenge)
        for place in (0, 7, 14)
    )
    value = b"\x01\x00" + ours + bytes(8) + response
    return [_vendor(311, MS_CHAP_CHALLENGE, theirs), _vendor(311, MS_CHAP2_RESPONSE, value)]


def _odd(seven: bytes) -> bytes:
    bits = int.from_bytes(seven, "big")
    return bytes((bits >> (49 - 7 * place) & 0x7F) << 1 for place in range(8))


def _openssl(*arguments: str, text: bytes) -> bytes:
    command = ["openssl", *arguments, "-provider", "legacy", "-provider", "default"]
    return subprocess.run(command, input=text, capture_output=True, check=True).stdout


def _vendor(vendor: int, number: int, value: bytes) -> bytes:
    inner = struct.pack("!IBB", vendor, number, len(value) + 2) + value
    return struct.pack("!BB", 26, len(inner) + 2) + inner
