"""How many requests per second three Gunicorn workers answer with a page that needs one query."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from benchmarks.measuring import OURS, Course, Race, Work
from benchmarks.serving import request, server

APPLICATION = "benchmarks.one_query:application"
STARTED = "Django as startproject begins"
WITHOUT = "Django without middleware"
ANEW = "ISP Billing, a connection for each request"
KINDS = {STARTED: "started", WITHOUT: "alone", OURS: "as built", ANEW: "anew"}
WORK = Work("Requests of a page with one query", "request", limit=STARTED)
CLIENTS, SECONDS, TURNS = 6, 2, 3  # at once, each turn, turns of a round: workers are replaced meanwhile


def race(course: Course) -> Race:
    """Three servers with the configuration as it is, of which one at a time gets requests."""
    race = Race(WORK, course.size)
    with ExitStack() as servers:
        ports = {
            contender: servers.enter_context(server(APPLICATION, {"ONE_QUERY": kind}))
            for contender, kind in KINDS.items()
        }
        for contender, port in [*ports.items()] * course.rounds * TURNS:
            began = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                answered = sum(clients.map(_ask, [port] * CLIENTS))
            seconds = time.perf_counter() - began
            race.add(contender, rows=answered, seconds=seconds, queries=answered, memory=0)
            print(f"{contender}: {answered / seconds:,.0f} requests per second", flush=True)
    return race


def _ask(port: int) -> int:
    """Request after request for some seconds; how many were answered."""
    answered, until = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        assert request(port, "/one-query") == 200
        answered += 1
    return answered
