"""Run a command or a process; a fault of the database or the settings ends in one clear line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from io import StringIO

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command, execute_from_command_line
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, InterfaceError

from utils import origin, outage
from utils.database import DatabaseUnavailable


def run(argv: Sequence[str]) -> int:
    """Exit code of ``manage.py``; ``--traceback`` shows where an error came from."""
    with origin.acting(origin.COMMAND, " ".join(argv[1:2])):
        if "--traceback" in argv:
            execute_from_command_line(list(argv))
            return 0
        return explained(lambda: execute_from_command_line(list(argv)))


def set_up() -> int:
    """Load Django and check the settings, silent when all is well; 1 and the errors otherwise."""

    def check() -> None:
        django.setup()
        call_command("check", stdout=StringIO())

    return explained(check)


def explained(work: Callable[[], object]) -> int:
    """Do ``work``; 0 when it is done, 1 and one clear message when it cannot be. A bug of ours is raised."""
    try:
        work()
    except (DatabaseError, InterfaceError) as error:
        reason = outage.explain(error)
        if reason is None:
            raise
        print(f"Error: {reason}", file=sys.stderr)
        return 1
    except (DatabaseUnavailable, ImproperlyConfigured, SystemCheckError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0
