"""Two packets of one session at the same moment, on two connections: one session, and each byte once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import OnlineSession, SessionRecord, UsageDay
from billing.services.network import policy
from tests.services.network.situations import account, make_online_subscription, make_router

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, TIMES = 12, 3


def at_once(*packets):
    barrier = Barrier(len(packets))

    def send(packet):
        try:
            barrier.wait()
            return account(**packet)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(packets)) as threads:
        return list(threads.map(send, packets))


def test_doubled_and_contrary_packets_at_once_count_once():
    policy.follow()
    router, subscription = make_router(), make_online_subscription()
    started = int(timezone.now().timestamp()) - 3600
    for number in range(ROUNDS):
        common = {"login": subscription.login, "router": router.address, "unique_id": f"u{number}"}
        start = {**common, "kind": "Start", "at_epoch": started}
        interim = {
            **common, "kind": "Interim-Update", "at_epoch": started + 300, "seconds": 300, "output_octets": 1000,
        }  # fmt: skip
        stop = {**common, "kind": "Stop", "at_epoch": started + 600, "seconds": 600, "output_octets": 1500}
        assert all(at_once(*[packet for packet in (start, interim, stop) for _ in range(TIMES)]))
    assert not OnlineSession.objects.exists() and SessionRecord.objects.count() == ROUNDS
    assert sum(UsageDay.objects.values_list("download_bytes", flat=True)) == ROUNDS * 1500


def test_a_restart_of_the_router_between_them_loses_none():
    policy.follow()
    router, subscription = make_router(), make_online_subscription()
    now = int(timezone.now().timestamp())
    for number in range(ROUNDS):
        common = {"login": subscription.login, "router": router.address}
        packets = [
            {**common, "unique_id": f"u{number}-{one}", "kind": "Start", "at_epoch": now - 60} for one in range(TIMES)
        ]
        at_once(*packets, {**common, "kind": "Accounting-On", "at_epoch": now, "unique_id": ""},
                {**common, "kind": "Accounting-Off", "at_epoch": now, "unique_id": ""})  # fmt: skip
    assert OnlineSession.objects.count() + SessionRecord.objects.count() == ROUNDS * TIMES
