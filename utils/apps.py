from django.apps import AppConfig
from django.db.backends.signals import connection_created


class UtilsConfig(AppConfig):
    """Operations around the business. The scheduler is started by ``run_scheduler.py`` only, never here."""

    name = "utils"
    verbose_name = "Operations"

    def ready(self) -> None:
        from utils import (
            checks,  # noqa: F401  (registers the system checks)
            origin,
        )
        from utils.alarms import checks as alarm_checks  # noqa: F401

        connection_created.connect(origin.tell_new_session)
