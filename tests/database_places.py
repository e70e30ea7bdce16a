"""Folders, processes and connections for the tests of the embedded PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from utils.database_folder import has_server, poll

ROOT = Path(__file__).resolve().parent.parent
IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
LOAD = "import encodings.idna, os, sys, utils.database; from pathlib import Path\n"
START = "server = utils.database.ensure_running(Path(sys.argv[1])); print(server.url, server.started, flush=True)\n"
COMMAND = "sys.exit(utils.database.main(sys.argv[1:]))\n"


@contextmanager
def open_place():
    """A folder that every user can reach (pytest's own are closed), with no server left behind."""
    place = Path(tempfile.mkdtemp(prefix="isp-billing-", dir="/var/tmp"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        for file in place.rglob("postmaster.pid"):
            end_server(file.parent)
        shutil.rmtree(place)


def end_server(data):
    """Kill the server that works in ``data``, and only that one."""
    pid = postmaster_pid(data.parent)
    if pid and Path(f"/proc/{pid}/cwd").exists() and Path(f"/proc/{pid}/cwd").samefile(data):
        os.kill(pid, signal.SIGQUIT)
    assert poll(lambda: not has_server(data.parent), until=time.monotonic() + 90)


def postmaster_pid(folder):
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def connect(url):
    parts = urlsplit(url)
    return psycopg2.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=unquote(parts.password),
        dbname=parts.path.strip("/"),
        connect_timeout=60,
    )


def query(url, *statements):
    """Run the statements, commit, and return the first column of the last one's first row."""
    connection = connect(url)
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def program(code, *arguments, user=None, python_path=ROOT, python=(sys.executable,), **options):
    """Run Python code in another process, as ``user`` (a passwd entry) when given.

    It changes the user after loading its modules, because root's interpreter may be out of the user's reach.
    """
    become = f"os.setgroups([]); os.setgid({user.pw_gid}); os.setuid({user.pw_uid})\n" if user else ""
    return subprocess.Popen(
        [*python, "-c", LOAD + become + code, *map(str, arguments)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(python_path), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def command(action, folder, **options):
    """Run the command line of utils.database and return its exit code, output and errors."""
    process = program(COMMAND, action, "--folder", folder, **options)
    output, errors = process.communicate(timeout=200)
    return process.returncode, output.strip(), errors.strip()
