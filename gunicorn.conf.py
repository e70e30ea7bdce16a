"""Gunicorn serves the web pages and nothing else: the scheduler is a process of its own (run_scheduler.py)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from gunicorn.glogging import Logger

BASE_DIR = Path(__file__).resolve().parent

# --- What an operator may want to change ---------------------------------------------------
workers = int(os.environ.get("WEB_CONCURRENCY") or 3)  # about 2 x processor cores + 1
bind = os.environ.get("WEB_BIND") or "127.0.0.1:8000"

# --- Health of the workers -----------------------------------------------------------------
timeout = 60  # seconds a request may take, or a download may send nothing, before its worker is replaced
graceful_timeout = 30  # seconds running requests get when the server stops
keepalive = 5  # seconds; longer than the usual pause between the requests of one page
max_requests = 10_000  # then the worker is replaced, so that a slow leak of memory never adds up ... (it takes seconds)
max_requests_jitter = 1_000  # ... and not all of them at the same time
# Workers prove they live by touching a file; on a busy disk that could block, in memory it cannot.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nosec B108
control_socket_disable = True  # nothing here uses it, and it is one more way in

# --- Behind a proxy ------------------------------------------------------------------------
# The application itself reads X-Forwarded-Proto (settings.py), so it works behind any proxy that
# sets it. FORWARDED_ALLOW_IPS, a variable of Gunicorn's own, matters only for SCRIPT_NAME.

# --- Logs ----------------------------------------------------------------------------------
accesslog = "-"
errorlog = "-"
loglevel = (os.environ.get("LOG_LEVEL") or "info").lower()
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s bytes %(M)s ms'


class logger_class(Logger):  # noqa: N801  # the setting has this name
    """Leaves out what monitoring asks and that went well: it comes every few seconds and says nothing."""

    def access(self, resp, req, environ, request_time):
        if environ["PATH_INFO"] not in ("/livez", "/readyz", "/healthz", "/metrics") or resp.status_code != 200:
            super().access(resp, req, environ, request_time)


def post_worker_init(worker):
    """Count every part of a long download as a sign of life: a list of millions of rows takes minutes."""
    application = worker.wsgi

    def answer(environ, start_response):
        response = application(environ, start_response)
        is_download = getattr(response, "streaming", False) and not isinstance(response, environ["wsgi.file_wrapper"])
        return Download(response, worker.notify) if is_download else response

    worker.wsgi = answer


class Download:
    """A response that comes in parts, as its iterator; ``alive`` is called after each that was sent."""

    def __init__(self, response, alive):
        self._response, self._alive = response, alive

    def __iter__(self):
        for part in self._response:
            yield part
            self._alive()

    def close(self):
        self._response.close()


def on_starting(server):
    """Before any worker: stop with a clear message when the port or the settings cannot work."""
    if "GUNICORN_FD" not in os.environ:  # set when a new master takes over the sockets of the old one
        _require_free_port()
    _require_clean_settings()


def _require_free_port():
    host, _, port = bind.rpartition(":")
    if not host or int(port) > 65535:
        sys.exit(f"WEB_BIND is {bind!r}: write ADDRESS:PORT, for example 127.0.0.1:8000.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            sys.exit(
                f"The web server cannot listen at {bind}: {error.strerror}.\n"
                f"Port {port} is taken or not allowed: stop the other program, or choose another port, "
                "for example PORT=8001 (or WEB_BIND=127.0.0.1:8001 when Gunicorn is started directly)."
            )


def _require_clean_settings():
    check = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    if check.returncode:
        sys.exit(f"The web server does not start, because the settings have errors:\n{check.stderr.strip()}")
