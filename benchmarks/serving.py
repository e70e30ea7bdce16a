"""Gunicorn with its configuration as it is, for as long as a measurement needs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def server(application: str, environment: dict[str, str]) -> Iterator[int]:
    """Three workers with ``application``, until they are no longer needed; their port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, **environment, "WEB_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "3"}
    command = [sys.executable, "-m", "gunicorn", application]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def request(port: int, address: str) -> int:
    """Ask for a page on a connection of its own; the status of the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", address, headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer.status


def _wait_for(process: subprocess.Popen, port: int) -> None:
    for _ in range(600):
        try:
            request(port, "/livez")
        except OSError:
            assert process.poll() is None, "Gunicorn ended; why, is written above."
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("Gunicorn does not answer within a minute.")
