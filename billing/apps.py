from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from billing import checks  # noqa: F401  (registers the system checks)
        from billing.services.roles import grant_new_permissions

        # After the receiver of django.contrib.auth, which makes the permissions.
        post_migrate.connect(grant_new_permissions, sender=self)
