"""The REST interface of RouterOS 7, over https with the router's own certificate pinned."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from billing.network.base import Target
from billing.rules.errors import Refused

CALLS_AT_ONCE = 4  # more slow a router down that has other work to do
CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0

Item = dict[str, str]


class NoAnswer(Refused):
    """The router cannot be used as a whole: it is away, is another one, or refuses the sign-in."""


class Refusal(Refused):
    """The router answered, and does not do this one thing."""


class NoSuchItem(Refusal):
    """What was to be changed or removed is not there."""


class Rest:
    """Calls of one router, from any thread. Exceptions hold no password and no address with one."""

    def __init__(self, router: Target) -> None:
        parts = urlsplit(router.rest_url)
        port = _port(router.rest_url)
        if parts.scheme != "https" or not parts.hostname or not port or not router.certificate_sha256:
            raise NoAnswer("The router needs an https address and the SHA-256 of its certificate")
        self._prefix = f"{parts.path.rstrip('/').removesuffix('/rest')}/rest/"
        self._pool = urllib3.HTTPSConnectionPool(
            parts.hostname,
            port,
            maxsize=CALLS_AT_ONCE,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            headers={
                "Authorization": f"Basic {b64encode(f'{router.rest_user}:{router.rest_password}'.encode()).decode()}"
            },
            cert_reqs="CERT_NONE",  # no authority signs routers: the very certificate is compared
            assert_fingerprint=router.certificate_sha256,
        )

    def find(self, path: str, properties: str, **where: str) -> list[Item]:
        """The items of a menu such as ``ppp/secret`` whose properties are equal to ``where``."""
        found = self._call("GET", path, fields={**where, ".proplist": properties})
        if not isinstance(found, list):
            raise NoAnswer("What answers is not RouterOS 7: no list came")
        return [_item(item) for item in found if isinstance(item, dict)]

    def add(self, path: str, values: Mapping[str, str]) -> None:
        self._call("PUT", path, body=values)

    def set(self, path: str, item: str, values: Mapping[str, str]) -> None:
        """Raises NoSuchItem when it is gone."""
        self._call("PATCH", f"{path}/{item}", body=values)

    def unset(self, path: str, item: str, name: str) -> None:
        self._call("POST", f"{path}/unset", body={".id": item, "value-name": name})

    def remove(self, path: str, item: str) -> None:
        """Raises NoSuchItem when it is gone."""
        self._call("DELETE", f"{path}/{item}")

    def system(self) -> Item:
        """Version, board and load of the router."""
        found = self._call("GET", "system/resource")
        if not isinstance(found, dict):
            raise NoAnswer("What answers is not RouterOS 7: no object came")
        return _item(found)

    def close(self) -> None:
        self._pool.close()

    def _call(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, body: Mapping[str, str] | None = None
    ) -> Any:
        try:
            if body is None:
                answer = self._pool.request(method, self._prefix + path, fields=fields, redirect=False)
            else:
                answer = self._pool.request(method, self._prefix + path, json=body, redirect=False)
        except SSLError as error:
            if "Fingerprints did not match" in str(error):
                raise NoAnswer("The certificate is not the one that is noted") from error
            raise NoAnswer("No TLS connection") from error
        except HTTPError as error:
            raise NoAnswer("No answer ({error})", error=type(error).__name__) from error
        return _read(answer.status, answer.data)


def _port(url: str) -> int | None:
    """The port of an address, None when there is no such port."""
    try:
        return urlsplit(url).port or 443
    except ValueError:
        return None


def _read(status: int, data: bytes) -> Any:
    if status in {401, 403}:
        raise NoAnswer("The router refuses the sign-in (HTTP {status})", status=status)
    try:
        content = json.loads(data) if data else None
    except ValueError as error:
        raise NoAnswer("What answers is not RouterOS 7 (HTTP {status}, no JSON)", status=status) from error
    if status < 300:
        return content
    text = _error(content) or f"HTTP {status}"
    if status == 404 or "no such item" in text:
        raise NoSuchItem("The router does not have it: {error}", error=text)
    raise Refusal("The router refuses: {error}", error=text)


def _error(content: Any) -> str:
    found = content if isinstance(content, dict) else {}
    return _text(found.get("detail") or found.get("message") or "")[:200]


def _item(found: Mapping[str, Any]) -> Item:
    return {_text(key): _text(value) for key, value in found.items()}


def _text(value: object) -> str:
    """As it can be stored: JSON may bring characters that no database takes."""
    return str(value).replace("\0", "").encode(errors="replace").decode()
