"""Where log lines go and how loud each library is, for Django's setting ``LOGGING``."""

from __future__ import annotations

from typing import Any

LEVELS = {
    "apscheduler": "WARNING",
    "axes": "WARNING",
    "django.request": "ERROR",
    "fontTools": "ERROR",
    "weasyprint": "ERROR",
}


def to_console(*, level: str, form: str) -> dict[str, Any]:
    """Everything from ``level`` on to the standard output, in the ``form`` console or json."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "console": {"()": "utils.logs.ConsoleFormatter"},
            "json": {"()": "utils.logs.JsonFormatter"},
        },
        "filters": {"known_faults": {"()": "utils.logs.KnownFaults"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": form,
                "filters": ["known_faults"],
            },
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": loud} for name, loud in LEVELS.items()},
    }
