"""Runs ``tests.jobs.program`` as process 1 of a namespace of its own, and hands SIGTERM on to it, as an engine does.

When this one is killed, so are the others.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

namespace = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=KILL"]
unshare = subprocess.Popen([*namespace, sys.executable, "-m", "tests.jobs.program"])


def pass_on(number, frame):
    children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), number)


signal.signal(signal.SIGTERM, pass_on)
sys.exit(unshare.wait())
