from django.apps import AppConfig


class UtilsConfig(AppConfig):
    """Operations around the business. The scheduler is started by ``run_scheduler.py`` only, never here."""

    name = "utils"
    verbose_name = "Operations"

    def ready(self) -> None:
        from utils import checks  # noqa: F401  (registers the system checks)
        from utils.alarms import checks as alarm_checks  # noqa: F401
