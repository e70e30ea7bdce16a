"""A terminal in which commands are typed exactly as an operator types them."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CTRL_C = "\x03"
ROWS, COLUMNS = 50, 220
CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Outcome:
    status: int
    text: str


class Terminal:
    """Runs shell commands on a pseudo terminal and writes each, with what it printed, to a transcript."""

    def __init__(self, folder: Path, environment: dict[str, str], transcript: Path) -> None:
        self.folder = folder
        self.environment = environment
        self.transcript = transcript
        transcript.parent.mkdir(parents=True, exist_ok=True)
        transcript.write_text("")

    def run(self, command: str, *, seconds: float, typed: Sequence[tuple[str, str]] = ()) -> Outcome:
        """Run ``command``; for each pair of ``typed`` wait for the first text, then type the second.

        A command that has not ended after ``seconds`` is killed and its status is that of the signal.
        """
        keyboard, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            ["setsid", "--ctty", "bash", "-c", command],
            cwd=self.folder,
            env={**self.environment, "TERM": "xterm"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
        )
        os.close(screen)
        try:
            text = converse(keyboard, list(typed), time.monotonic() + seconds)
        finally:
            if process.poll() is None:
                stop(process)
            os.close(keyboard)
        self.write_down(command, text)
        return Outcome(process.returncode, text)

    def write_down(self, command: str, text: str) -> None:
        with self.transcript.open("a") as transcript:
            # Progress is drawn by moving the cursor up and down; what is left of that are empty lines.
            lines = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
            transcript.write(f"$ {command}\n{lines}\n\n")


def converse(keyboard: int, typed: list[tuple[str, str]], deadline: float) -> str:
    """Read until the screen closes or the deadline, typing each answer once its text has appeared."""
    raw, answered = b"", 0
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([keyboard], [], [], left)[0]:
            break
        try:
            piece = os.read(keyboard, 65536)
        except OSError:  # the last program closed the screen
            break
        if not piece:
            break
        raw += piece
        text = plain(raw)
        if typed and (place := text.find(typed[0][0], answered)) >= 0:
            answered = place + len(typed[0][0])
            os.write(keyboard, typed.pop(0)[1].encode())
    return plain(raw)


def plain(raw: bytes) -> str:
    return CONTROL_SEQUENCE.sub("", raw.decode(errors="replace")).replace("\r\n", "\n").replace("\r", "\n")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Wait for a command whose screen is closed; kill its whole session when it hangs."""
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
