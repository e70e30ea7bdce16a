"""Log lines for people (console) and for machines (json)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from django.core.exceptions import SuspiciousOperation

from utils import outage


class KnownFaults(logging.Filter):
    """Faults that are no bug of the program are told in one line that says what to do, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, SuspiciousOperation):
            self._tell(record, record.getMessage().replace(" ALLOWED_HOSTS", " DJANGO_ALLOWED_HOSTS"))
        elif error and (reason := outage.explain(error)):
            self._tell(record, f"{record.getMessage()}: {reason}")
        return True

    def _tell(self, record: logging.LogRecord, text: str) -> None:
        record.msg, record.args, record.exc_info, record.exc_text = text, (), None, None


class ConsoleFormatter(logging.Formatter):
    """The bare message; warnings and errors carry their level. Docker adds the time (``logs -t``)."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.WARNING else f"{record.levelname}: {text}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and error when there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
