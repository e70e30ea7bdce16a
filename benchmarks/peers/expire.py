"""Run by a peer's own Python: its expiry function once; prints what it took as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import django

from benchmarks.measuring import counted_queries, peak_memory


def main(peer: str) -> None:
    django.setup()
    from django.db import connection

    expire = _function(peer)
    connection.ensure_connection()
    with peak_memory() as memory, counted_queries() as queries:
        began = time.perf_counter()
        expire()
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "queries": queries[0], "memory": memory[0]}))


def _function(peer: str) -> Callable[[], object]:
    if peer == "django_plans":
        from plans.tasks import expire_account

        return expire_account
    if peer == "openwisp_users":
        from django.contrib.auth import get_user_model

        return get_user_model().deactivate_expired_users
    from subscriptions.management.commands._manager import Manager

    return Manager().process_subscriptions


if __name__ == "__main__":
    main(sys.argv[1])
