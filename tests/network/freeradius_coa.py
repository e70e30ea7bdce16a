"""FreeRADIUS as a router: its own listener for Disconnect and CoA, which knows nothing of this program."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from billing.network.base import Target
from tests.network.fake_radius import SECRET

CONFIGURATION = """
prefix = /usr
libdir = {libraries}
logdir = {folder}
run_dir = {folder}
raddbdir = {folder}
confdir = {folder}
modconfdir = {folder}
pidfile = {folder}/pid
max_requests = 16384
security {{
  reject_delay = 0
  status_server = no
}}
proxy_requests = no
thread pool {{
  start_servers = 2
  max_servers = 2
}}
client billing {{
  ipaddr = 127.0.0.1
  secret = "{secret}"
  require_message_authenticator = yes
}}
modules {{
  always ok {{
    rcode = ok
  }}
  always reject {{
    rcode = reject
  }}
  linelog told {{
    filename = {folder}/told
    format = "%{{Packet-Type}}|%{{User-Name}}|%{{Acct-Session-Id}}|%{{Mikrotik-Rate-Limit}}|%{{string:Class}}"
  }}
}}
server router {{
  listen {{
    type = coa
    ipaddr = 127.0.0.1
    port = {port}
  }}
  recv-coa {{
    told
    if (&User-Name =~ /^gone/) {{
      update reply {{
        &Error-Cause := Session-Context-Not-Found
      }}
      reject
    }}
    elsif (&User-Name =~ /^stubborn/) {{
      update reply {{
        &Error-Cause := Resources-Unavailable
      }}
      reject
    }}
    elsif (&User-Name =~ /^disconnect-only/ && &Packet-Type == CoA-Request) {{
      update reply {{
        &Error-Cause := Unsupported-Service
      }}
      reject
    }}
    ok
  }}
  send-coa {{
    ok
  }}
}}
"""


def program() -> str | None:
    return shutil.which("freeradius") or shutil.which("radiusd")


class FreeRadiusRouter:
    """Sessions are not kept: who is called gone… has none, and stubborn… stays online."""

    def __init__(self, folder: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        libraries = next(path for path in ("/usr/lib/freeradius", "/usr/lib64/freeradius") if os.path.isdir(path))
        text = CONFIGURATION.format(folder=folder, libraries=libraries, port=self.port, secret=SECRET.decode())
        (folder / "radiusd.conf").write_text(text)
        (folder / "dictionary").write_text("")
        self._log = (folder / "output").open("w")
        self._process = subprocess.Popen(
            [program(), "-f", "-l", "stdout", "-d", str(folder)], stdout=self._log, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 60
        while "Ready to process requests" not in (folder / "output").read_text():
            assert self._process.poll() is None and time.monotonic() < deadline, (folder / "output").read_text()
            time.sleep(0.02)

    def target(self, **changes) -> Target:
        values = {"name": "fr", "kind": "radius", "address": "127.0.0.1", "secret": SECRET, "coa_port": self.port}
        return Target(**{**values, **changes})

    def told(self) -> list[list[str]]:
        """What it was asked: the kind of packet, login, session, speed, class."""
        file = self.folder / "told"
        return [line.split("|") for line in file.read_text().splitlines()] if file.exists() else []

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._log.close()
