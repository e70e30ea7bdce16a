"""A mail server and a web server on loopback that keep what they get, and can be away or refuse."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import socket
import threading
from contextlib import suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command


_kept: list[socket.socket] = []


def free_port() -> int:
    """A port where nobody listens, and that nobody else is given while the tests run; a server may take it."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    _kept.append(keeper)
    return keeper.getsockname()[1]


class MailServer:
    """Takes mail for everybody but those whom it refuses; ``account`` is who may sign in, if anybody must."""

    def __init__(self, *, account: tuple[str, str] | None = None) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()
        self._account = account
        self._controller: Controller | None = None

    def start(self) -> MailServer:
        signing_in = {"auth_required": True, "auth_require_tls": False, "authenticator": self._sign_in}
        options = signing_in if self._account else {}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def _sign_in(self, server, session, envelope, mechanism, data):
        user, password = self._account
        return AuthResult(success=data == LoginPassword(user.encode(), password.encode()), handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return "550 Nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [mail["subject"].strip() for mail in self.mails]


class WebServer:
    """Keeps the requests that it gets and answers with ``status``, once it is not ``held`` any more."""

    def __init__(self) -> None:
        self.port = free_port()
        self.requests: list[tuple[str, dict[str, str], str]] = []
        self.status = 200
        self.location = ""
        self._go_on = threading.Event()
        self._go_on.set()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(body) for _, _, body in self.requests]

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.requests]

    def hold(self) -> None:
        """Take requests and leave them without an answer."""
        self._go_on.clear()

    def start(self) -> WebServer:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                web.requests.append((self.path, dict(self.headers), body))
                web._go_on.wait(60)
                with suppress(OSError):
                    self.send_response(web.status)
                    if web.location:
                        self.send_header("Location", web.location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._go_on.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None
