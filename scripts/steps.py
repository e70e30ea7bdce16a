"""Steps of a long start, told on the terminal: what is done, and how long it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CLEAR_LINE = "\r\033[K"


class Failed(Exception):
    """A step that cannot be done; the message says what is wrong and what to do."""


@contextmanager
def step(label: str, has_lines: bool = False) -> "Iterator[Callable[[str], None]]":
    """Say what begins and, when it is done, the time it took. Yields a function that shows details meanwhile.

    A step that ``has_lines`` of its own to print gets them below its label.
    """
    begin = time.monotonic()
    is_terminal = sys.stdout.isatty() and not has_lines

    def show(detail: str) -> None:
        if is_terminal:
            print(f"{CLEAR_LINE}{label} … {detail}", end="", flush=True)

    print(f"{label} …", end="" if is_terminal else "\n", flush=True)
    try:
        yield show
    except BaseException:
        print(flush=True)
        raise
    print(f"{CLEAR_LINE if is_terminal else ''}{label} … done in {time.monotonic() - begin:.1f} s", flush=True)
