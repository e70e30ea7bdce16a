from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Refused(Exception):
    """A request that the rules do not allow: ``message`` in English, with ``{names}`` for the ``values`` in it.

    The message is written for staff: it says what is wrong and what to do. Nothing has been
    written when it is raised. ``translated`` gives the words of the reader when the text is
    asked for; rules alone know English only.
    """

    translated: ClassVar[Callable[[str], str]] = staticmethod(str)

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.values = values

    def __str__(self) -> str:
        text = Refused.translated(self.args[0])
        return text.format(**self.values) if self.values else str(text)


def said(message: str, **values: Any) -> str:
    """``message`` with its ``values`` in the words of who reads it now; for what is told and is no refusal."""
    return str(Refused(message, **values))
