"""What billing knows of a router, its sessions and its subscribers; and delivery for a moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from django.db import connection, connections
from django.utils import timezone

from billing.models import AccessState, NetworkIntent, OnlineSession, Router, Subscription
from billing.services.network import delivery, intents, sealing
from tests.builders import make_plan, make_subscription
from tests.network.fake_radius import SECRET

_numbers = count(1)


def make_router(fake=None, **changes) -> Router:
    """A row for a fake router, or for one that is not there."""
    values = {
        "name": f"router-{next(_numbers)}",
        "address": "127.0.0.1",
        "secret_sealed": sealing.seal(SECRET.decode()),
    }
    if fake is not None:
        target = fake.target()
        values |= {"kind": target.kind, "coa_port": target.coa_port, "address": target.address}
        if target.rest_url:
            values |= {
                "rest_url": target.rest_url,
                "rest_user": target.rest_user,
                "rest_password_sealed": sealing.seal(target.rest_password),
                "certificate_sha256": target.certificate_sha256,
            }
    return Router.objects.create(**{**values, **changes})


def subscriber(**changes) -> Subscription:
    plan = changes.pop("plan", None) or make_plan(download_kbps=20000, upload_kbps=5000)
    return make_subscription(plan=plan, **changes)


def class_of(subscription) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT class FROM radius.policy WHERE subscription_id = %s", [subscription.pk])
        return cursor.fetchone()[0]


def log_in(subscription, router, fake, /, *, policy_class=None, **changes) -> OnlineSession:
    """As the router and FreeRADIUS would: online there and here."""
    policy_class = class_of(subscription) if policy_class is None else policy_class
    session_id = f"s{next(_numbers)}"
    fake.log_in(changes.get("login", subscription.login), policy_class, session_id=session_id)
    now = timezone.now()
    values = {
        "unique_id": f"u-{session_id}",
        "session_id": session_id,
        "subscription": subscription,
        "login": subscription.login,
        "router": router,
        "nas_address": router.address,
        "started_at": now,
        "updated_at": now,
        "policy_class": policy_class,
    }
    return OnlineSession.objects.create(**{**values, **changes})


def switch(subscription, is_on: bool) -> None:
    """As a deciding transaction does."""
    AccessState.objects.filter(pk=subscription.pk).update(is_on=is_on)


def deliver(seconds=0.3) -> int:
    """Deliver in this thread for so long; how many were done."""
    return delivery.deliver(stop=threading.Event(), seconds=seconds, clock=timezone.now)


@contextmanager
def delivering(workers=1):
    """Deliver in threads of their own while the ``with`` lasts."""
    stop = threading.Event()

    def work() -> int:
        try:
            return delivery.deliver(stop=stop, seconds=600, clock=timezone.now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(work) for _ in range(workers)]
        try:
            yield
        finally:
            stop.set()
            for worker in running:
                worker.result(60)


def intent_of(subscription) -> NetworkIntent:
    return NetworkIntent.objects.get(pk=subscription.pk)


def is_applied(subscription) -> bool:
    return intents.status_of(subscription.pk).kind == "applied"
