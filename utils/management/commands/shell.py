from textwrap import dedent
from typing import Any

from django.core.management.commands import shell


class Command(shell.Command):
    """Django's shell, which also takes ``-c`` code that was pasted with its indentation and shows its output only."""

    def handle(self, **options: Any) -> None:
        if options["command"]:
            options["command"] = dedent(options["command"])
            options["verbosity"] = 0 if options["verbosity"] == 1 else options["verbosity"]
        super().handle(**options)
