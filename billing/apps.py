from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext, gettext_lazy


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = gettext_lazy("Billing")

    def ready(self) -> None:
        from billing import (
            checks,  # noqa: F401  (registers the system checks)
            words,
        )
        from billing.rules.errors import Refused
        from billing.services.roles import grant_new_permissions

        Refused.translated = staticmethod(gettext)
        words.translate_names()
        # After the receiver of django.contrib.auth, which makes the permissions.
        post_migrate.connect(grant_new_permissions, sender=self)
