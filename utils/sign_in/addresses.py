"""Where a request came from, behind the proxies of this installation."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address that the outermost of our ``PROXY_COUNT`` proxies saw; None when there is no usable one.

    Each proxy adds who asked it at the end of ``X-Forwarded-For``; what stands before is what the client claims.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    hops = told[-settings.PROXY_COUNT :] if settings.PROXY_COUNT else []
    return _usable(hops[0]) or _usable(direct) if hops else _usable(direct)


def _usable(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
