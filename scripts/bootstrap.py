"""Make .venv with the interpreter that runs this, and install a requirements file into it, once.

Uses the standard library only, and no syntax newer than Python 3.6, so that an old interpreter
gets a clear message instead of a SyntaxError.
"""

import signal
import sys

if __name__ == "__main__":  # until main() takes it over, Ctrl-C ends this without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.steps import Failed, step

OLDEST, NEWEST, VERSION = (3, 11), (3, 13), sys.version_info[:2]
VENV = Path(__file__).resolve().parent.parent / ".venv"
PYTHON = VENV / "bin" / "python"
LAST_LINES = 15


def main() -> int:
    """Exit code 0 when everything is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--label", help="say so even when there is nothing to do")
    parser.add_argument("--free-port", help="stop at once when the web could not listen there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _require_fit_python()
        if options.free_port is not None:
            _require_free(options.free_port)
        if options.label or not _is_installed(options.requirements):
            with step(options.label or f"Installing the Python packages of {options.requirements}") as show:
                _install(options.requirements, show)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is installed is kept.", file=sys.stderr)
        return 130
    return 0


def _require_fit_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        fit = [f"python3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
        found = [name for name in fit if shutil.which(name)]
        advice = f"Choose another, for example: make demo PYTHON={found[-1]}" if found else f"Install {fit[-1]}."
        raise Failed(
            f"Python {_text(OLDEST)} to {_text(NEWEST)} is needed; {sys.executable} is {_text(VERSION)}. {advice}"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failed(
            "This Python cannot make virtual environments: its module venv or ensurepip is missing. "
            f"On Debian or Ubuntu install it with: apt-get install python{_text(VERSION)}-venv"
        )


def _text(version: tuple) -> str:
    return ".".join(map(str, version))


def _require_free(port: str) -> None:
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Failed(f"PORT is {port!r}. Write a number from 1 to 65535, for example: make demo PORT=8001")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            raise Failed(
                f"The web cannot listen at 127.0.0.1:{port}: {error.strerror}. Perhaps the demo runs already. "
                "Stop what uses the port, or choose another, for example: make demo PORT=8001"
            ) from error


def _is_installed(requirements: Path) -> bool:
    stamp = _stamp(requirements)
    return _is_usable() and stamp.exists() and stamp.read_text() == _digest(requirements)


def _stamp(requirements: Path) -> Path:
    """The file that notes what was installed."""
    return VENV / f"installed-{requirements.stem}"


def _digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _install(requirements: Path, show: "Callable[[str], None]") -> None:
    if _is_installed(requirements):
        return
    if not _is_usable():
        show("making .venv")
        _require_replaceable()
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)], lambda line: None)
    _pip(requirements, show)
    _stamp(requirements).write_text(_digest(requirements))


def _require_replaceable() -> None:
    """Making .venv anew removes what is in it: that may only be an environment of this checkout."""
    if VENV.is_symlink() or (VENV.exists() and not (VENV / "pyvenv.cfg").exists()):
        raise Failed(f"{VENV} does not fit Python {_text(VERSION)} and is not ours to make anew. Remove or rename it.")


def _is_usable() -> bool:
    """Whether .venv works, has pip and is of the version of Python that runs this."""
    code = f"import sys, pip; sys.exit(sys.version_info[:2] != {VERSION})"
    try:
        return subprocess.run([str(PYTHON), "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def _pip(requirements: Path, show: "Callable[[str], None]") -> None:
    packages = sum("==" in line for line in requirements.read_text().splitlines())
    seen = 0

    def watch(line: str) -> None:
        nonlocal seen
        if line.startswith("Collecting "):
            seen += 1
            show(f"{seen} of about {packages}: {line.split()[1].partition('==')[0]}")
        elif line.startswith("Installing "):
            show("writing the files")

    options = ["--require-hashes", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    _run([str(PYTHON), "-m", "pip", "install", *options, "--requirement", str(requirements)], watch)


def _run(command: "Sequence[str]", watch: "Callable[[str], None]") -> None:
    """Run a program out of reach of Ctrl-C, which would make it print a traceback; we end it ourselves."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    lines = []
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, start_new_session=True
    )
    try:
        for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            watch(lines[-1].strip())
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code:
        raise Failed(
            "\n".join([*lines[-LAST_LINES:], "", "This went wrong: " + " ".join(command)])
            + "\nIf it is about the network, check it and try again; what is installed already is kept."
        )


if __name__ == "__main__":
    sys.exit(main())
