"""A RouterOS of the tests: the REST interface over https as its documentation describes it, with menus and faults."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import subprocess
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import parse_qsl, urlsplit

from billing.network.base import Session, Target

USER, PASSWORD = "billing", "a password of the tests"
PROPERTIES = {
    "ppp/secret": {"name", "password", "profile", "disabled", "comment", "remote-address", "service"},
    "ppp/profile": {"name", "rate-limit", "remote-address", "address-list"},
    "ppp/active": set(),
    "ip/hotspot/user": {"name", "password", "disabled", "comment"},
}


@cache
def certificate(name: str = "router") -> tuple[Path, str]:
    """A self-signed certificate with its key in one file, and its SHA-256."""
    file = Path(mkdtemp(prefix="routeros-")) / f"{name}.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}".split()
        + f"-keyout {file}.key -out {file}".split(),
        check=True,
        capture_output=True,
    )
    der = ssl.PEM_cert_to_DER_cert(file.read_text())
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file, hashlib.sha256(der).hexdigest()


class FakeRouterOS(ThreadingHTTPServer):
    """``fault`` is one of hang, drip, close, garbage, or an answer such as ``(400, "no such item")``, for every call
    whose method and path start with ``fault_on``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        file, self.fingerprint = certificate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.menus: dict[str, dict[str, dict[str, str]]] = {menu: {} for menu in PROPERTIES}
        self.calls: list[str] = []
        self.fault: str | tuple[int, str] = ""
        self.fault_on = ""
        self.over = threading.Event()
        self.lock = threading.Lock()
        self._ids = count(1)
        self.insert("ppp/profile", {"name": "default"})
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def target(self, **changes) -> Target:
        values = {
            "name": "fake",
            "kind": "routeros",
            "address": "127.0.0.1",
            "rest_url": f"https://127.0.0.1:{self.server_address[1]}",
            "rest_user": USER,
            "rest_password": PASSWORD,
            "certificate_sha256": self.fingerprint,
        }
        return Target(**{**values, **changes})

    def insert(self, menu: str, values: dict[str, str]) -> str:
        item = f"*{next(self._ids):X}"
        self.menus[menu][item] = {".id": item, **values}
        return item

    def log_in(self, login: str, policy_class: str = "", **values: str) -> Session:
        """As a subscriber dials: only with an entry that is not disabled."""
        entry = self.entry(login)
        assert entry is None or entry["disabled"] == "false", "the router lets nobody in who is disabled"
        item = self.insert("ppp/active", {"name": login, "service": "pppoe", "radius": "false", **values})
        return Session(item, login, "127.0.0.1", None, policy_class)

    def is_online(self, login: str) -> bool:
        return any(item["name"] == login for item in self.menus["ppp/active"].values())

    def entry(self, login: str) -> dict[str, str] | None:
        return next((item for item in self.menus["ppp/secret"].values() if item["name"] == login), None)

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        """A client that leaves is no error of the router."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeRouterOS

    def setup(self) -> None:
        self.request.do_handshake()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def log_message(self, *arguments) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_PATCH = do_DELETE = do_POST = do_GET  # noqa: N815

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        what = f"{self.command} {parts.path}"
        self.server.calls.append(what)
        if self.server.fault and what.startswith(self.server.fault_on):
            return self._fail(self.server.fault)
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            return self._send(401, {"error": 401, "message": "Unauthorized"})
        with self.server.lock:
            return self._send(*self._do(parts.path.removeprefix("/rest/"), dict(parse_qsl(parts.query)), body))

    def _fail(self, fault) -> None:
        if fault == "hang":
            self.server.over.wait(30)
        elif fault == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            while not self.server.over.wait(0.1):
                self.wfile.write(b" ")
        elif fault == "close":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{")
        elif fault == "garbage":
            return self._send(200, "<html>", raw=True)
        else:
            status, detail = fault
            return self._send(status, {"error": status, "message": "Bad Request", "detail": detail})
        self.close_connection = True
        return None

    def _do(self, path: str, query: dict[str, str], body: bytes):
        if path == "system/resource":
            return 200, {"version": "7.16.2 (stable)", "board-name": "CCR2004", "uptime": "1d2h"}
        menu = next((menu for menu in self.server.menus if path == menu or path.startswith(f"{menu}/")), None)
        if menu is None:
            return 404, {"error": 404, "message": "Not Found"}
        items, rest = self.server.menus[menu], path.removeprefix(menu).strip("/")
        if self.command == "GET":
            return 200, self._print(items, query)
        return self._change(menu, items, rest, {str(k): str(v) for k, v in json.loads(body or b"{}").items()})

    def _change(self, menu: str, items: dict[str, dict[str, str]], item: str, values: dict[str, str]):
        answer = 200, []
        if self.command == "POST" and item == "unset":
            items[values[".id"]].pop(values["value-name"], None)
        elif self.command != "DELETE" and (wrong := self._wrong(menu, values)):
            answer = 400, {"error": 400, "message": "Bad Request", "detail": wrong}
        elif self.command == "PUT":
            defaults = {"disabled": "false"} if "disabled" in PROPERTIES[menu] else {}
            answer = 201, items[self.server.insert(menu, {**defaults, **values})]
        elif item not in items:
            answer = 404, {"error": 404, "message": "Not Found"}
        elif self.command == "DELETE":
            del items[item]
            answer = 204, None
        else:
            items[item].update(values)
            answer = 200, items[item]
        return answer

    def _wrong(self, menu: str, values: dict[str, str]) -> str:
        if unknown := sorted(set(values) - PROPERTIES[menu]):
            return f"unknown parameter {unknown[0]}"
        items = self.server.menus[menu].values()
        if self.command == "PUT" and any(item["name"] == values.get("name") for item in items):
            return "failure: an entry with the same name already exists"
        profiles = {item["name"] for item in self.server.menus["ppp/profile"].values()}
        if menu == "ppp/secret" and values.get("profile", "default") not in profiles:
            return "input does not match any value of profile"
        return ""

    @staticmethod
    def _print(items, query) -> list[dict[str, str]]:
        shown = {name for name in query.pop(".proplist", "").split(",") if name}
        found = [item for item in items.values() if all(item.get(name) == value for name, value in query.items())]
        return [{name: value for name, value in item.items() if not shown or name in shown} for item in found]

    def _send(self, status: int, content, *, raw: bool = False) -> None:
        data = b"" if content is None else content.encode() if raw else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
