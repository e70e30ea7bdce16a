"""FreeRADIUS from the folder that is shipped, also with the queries that FreeRADIUS ships for its own tables.

It reaches the database by the socket, as it does on a machine that has both.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import installation

SHIPPED = Path(__file__).resolve().parent.parent / "deploy" / "freeradius"
OURS = ""
STOCK = Path(__file__).with_name("stock_queries.conf").read_text()
PORT = 21812


@dataclass
class Server:
    pid: int
    port: int = PORT

    def memory(self) -> int:
        """MB at its peak."""
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) // 1024


@contextmanager
def running(folder: Path, queries: str, login: str, password: str) -> Iterator[Server]:
    """A server with a copy of the shipped folder in ``folder``; other ``queries`` take the place of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SHIPPED, folder)
    if queries:
        (folder / "queries.conf").write_text(queries)
        _change(folder / "sql.conf", "read_groups = no", "read_groups = yes")
        _change(folder / "radiusd.conf", "    ask_billing\n", "    sql\n")
    database = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "NETWORK_KEY": os.environ["NETWORK_KEY"],
        "RADIUS_DATABASE_HOST": installation.SOCKET,
        "RADIUS_DATABASE_PORT": str(database.port),
        "RADIUS_DATABASE_NAME": database.path.strip("/"),
        "RADIUS_DATABASE_USER": login,
        "RADIUS_DATABASE_PASSWORD": password,
        "RADIUS_ADDRESS": "127.0.0.1",
        "RADIUS_AUTH_PORT": str(PORT),
        "RADIUS_ACCT_PORT": str(PORT + 1),
        "RADIUS_STATUS_PORT": str(PORT + 2),
        "RADIUS_REJECT_DELAY": "0",
        "RADIUS_ROUTER_SECONDS": "3600",
        "RADIUS_RUN": str(folder / "run"),
    }
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([folder / "run.sh"], env=environment, stdout=output, stderr=output)
    try:
        _await_ready(process, folder / "output")
        yield Server(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file.name} has {old.strip()!r} not once."
    file.write_text(text.replace(old, new))


def _await_ready(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 20
    while "Ready to process requests" not in output.read_text(errors="replace"):
        assert process.poll() is None and time.monotonic() < deadline, output.read_text(errors="replace")
        time.sleep(0.02)
