"""How many requests per second three Gunicorn workers answer with a page that needs one query."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.measuring import OURS, Course, Race, Work

ROOT = Path(__file__).parent.parent
WITHOUT = "Django without middleware"
ANEW = "ISP Billing, a connection for each request"
KINDS = {WITHOUT: "alone", OURS: "as built", ANEW: "anew"}
WORK = Work("Requests of a page with one query", "request", limit=WITHOUT)
CLIENTS, SECONDS = 6, 3  # at once, each round


def race(course: Course) -> Race:
    """Three servers with the configuration as it is, of which one at a time gets requests."""
    race = Race(WORK, course.size)
    with ExitStack() as servers:
        ports = {contender: servers.enter_context(_server(kind)) for contender, kind in KINDS.items()}
        for contender, port in [*ports.items()] * course.rounds:
            began = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                answered = sum(clients.map(_ask, [port] * CLIENTS))
            seconds = time.perf_counter() - began
            race.add(contender, rows=answered, seconds=seconds, queries=answered, memory=0)
            print(f"{contender}: {answered / seconds:,.0f} requests per second", flush=True)
    return race


@contextmanager
def _server(kind: str) -> Iterator[int]:
    """Gunicorn with the page, until it is no longer needed; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "ONE_QUERY": kind, "WEB_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "3"}
    command = [sys.executable, "-m", "gunicorn", "benchmarks.one_query:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: subprocess.Popen, port: int) -> None:
    for _ in range(600):
        try:
            _request(port)
        except OSError:
            assert server.poll() is None, "Gunicorn ended; why, is written above."
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("Gunicorn does not answer within a minute.")


def _ask(port: int) -> int:
    """Request after request for some seconds; how many were answered."""
    answered, until = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        _request(port)
        answered += 1
    return answered


def _request(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/one-query", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    finally:
        connection.close()
