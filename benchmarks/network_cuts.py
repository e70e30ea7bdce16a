"""10,000 sessions on 20 routers are ended by one worker, also beside a router that is dead."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from benchmarks import routers
from benchmarks.measuring import OURS, Course, Race, Work
from billing.models import Router
from billing.services.network import sealing

ROOT = Path(__file__).resolve().parent.parent
ALONE, BESIDE_DEAD = "the routers alone", f"{OURS}, one more router dead"
WORK = Work("Network cuts", "session", single_rows=True, limit=ALONE)
ROUTERS, MOST, ON_THE_DEAD = 20, 10_000, 500

_ONLINE = """
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, calling_station, started_at,
        updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    )
    SELECT 'u' || id, 's' || id, id, login, (%(routers)s::bigint[])[1 + n %% cardinality(%(routers)s::bigint[])],
        '127.0.0.1', '', now(), now(), 0, 0, 0, ''
    FROM (
        SELECT id, login, row_number() OVER (ORDER BY id) AS n FROM billing_subscription
        WHERE NOT EXISTS (SELECT FROM billing_onlinesession WHERE subscription_id = billing_subscription.id)
        ORDER BY id LIMIT %(size)s
    ) AS subscribers
"""
_SWITCH = """
    UPDATE billing_accessstate state SET is_on = false, version = version + 1
    FROM billing_onlinesession session WHERE session.subscription_id = state.subscription_id
"""
_LISTENING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %')"
_LEFT = """
    SELECT count(*) FROM billing_networkintent JOIN billing_onlinesession USING (subscription_id)
    WHERE router_id = ANY(%s) AND applied_version IS DISTINCT FROM wanted_version
"""
_FORGET = """
    UPDATE billing_accessstate SET is_on = true WHERE NOT is_on;
    DELETE FROM billing_networkintent; DELETE FROM billing_onlinesession; DELETE FROM billing_routerstate;
    DELETE FROM billing_router;
"""


def race(course: Course) -> Race:
    """The seconds of a row are those from the commit that switched everybody off to the end of one session."""
    race = Race(WORK, course.size)
    size = min(course.size, MOST)
    for _ in range(course.rounds):
        for place in range(size):
            race.add(ALONE, rows=1, seconds=(place // ROUTERS + 1) * routers.SECONDS, queries=0, memory=0)
        for contender, dead in ((OURS, 0), (BESIDE_DEAD, 1)):
            delays, memory = _cut(size, dead)
            for delay in delays:
                race.add(contender, rows=1, seconds=delay, queries=0, memory=memory)
    return race


def _cut(size: int, dead: int) -> tuple[list[float], int]:
    """How long each session of the routers that live went on, and the worker's memory in MB."""
    alive = [_router(number) for number in range(ROUTERS)]
    with connection.cursor() as cursor:
        cursor.execute(_ONLINE, {"size": size, "routers": alive})
        if dead:
            cursor.execute(_ONLINE, {"size": ON_THE_DEAD, "routers": [_router(ROUTERS)]})
        cursor.execute("ANALYZE billing_onlinesession, billing_accessstate")
        with _made_up_routers(dead) as made_up, _worker(cursor) as worker:
            cursor.execute(_SWITCH)
            committed_at = time.time()
            _await_none_left(cursor, alive, committed_at + 120)
            memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{worker.pid}/status").read_text())[1]
            ended = json.loads(made_up.communicate()[0])
        cursor.execute(_FORGET)
    assert len(ended) == size
    return [at - committed_at for at in ended.values()], int(memory) // 1024


def _router(number: int) -> int:
    return Router.objects.create(
        name=f"router {number}",
        address=routers.address(number),
        coa_port=routers.PORT,
        secret_sealed=sealing.seal(routers.SECRET),
    ).pk


def _await_none_left(cursor, router_ids: list[int], deadline: float) -> None:
    while True:
        cursor.execute(_LEFT, [router_ids])
        if not cursor.fetchone()[0]:
            return
        assert time.time() < deadline
        time.sleep(0.1)


def _await_an_ear(cursor, deadline: float) -> None:
    while True:
        cursor.execute(_LISTENING)
        if cursor.fetchone()[0]:
            return
        assert time.time() < deadline
        time.sleep(0.1)


@contextmanager
def _made_up_routers(dead: int) -> Iterator[subprocess.Popen]:
    program = [sys.executable, "-m", "benchmarks.routers", str(ROUTERS), str(dead)]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "Ready\n"
        yield process


@contextmanager
def _worker(cursor) -> Iterator[subprocess.Popen]:
    """A worker from the moment at which it listens."""
    program = [sys.executable, "manage.py", "deliver_network"]
    environment = {**os.environ, "LOG_LEVEL": "INFO"}
    with subprocess.Popen(program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        _await_an_ear(cursor, time.time() + 60)
        yield process
        process.terminate()
        process.communicate()
