"""``/metrics``: who may read it, and the answer in the format of Prometheus."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from utils.monitoring.metrics import Collector

PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
REFUSAL = """Not allowed. Send METRICS_TOKEN in the header "Authorization: Bearer TOKEN",
or ask directly, not through a proxy, from a network in METRICS_NETWORKS: this came from {address}.
"""


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Every value comes from the database, so that it does not matter which worker answers."""
    if not (_has_token(request) or _is_near(request)):
        refusal = REFUSAL.format(address=request.META.get("REMOTE_ADDR") or "an unknown address")
        return HttpResponse(refusal, status=403, content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    registry.register(Collector(timezone.now()))
    encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encoder(registry), content_type=content_type)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    right: str = settings.METRICS_TOKEN
    return bool(right) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), right)


def _is_near(request: HttpRequest) -> bool:
    """Whether it came from a permitted network and from no proxy, behind which everybody has the proxy's address."""
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket of the machine has no address
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ip_network(network) for network in settings.METRICS_NETWORKS)
