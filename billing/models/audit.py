from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower


class AuditEntry(models.Model):
    """What somebody, a job or a command changed or did, from where, and how it was before and after.

    Written by PostgreSQL: by triggers on the tables of master data, and by ``billing.services.audit``
    for actions. Never changed, never removed. Secrets are not in it. The name of the object is the one
    that it had then.
    """

    class Kind(models.TextChoices):
        ADDED = "added"
        CHANGED = "changed"
        REMOVED = "removed"
        ACTION = "action"

    class Door(models.TextChoices):
        PAGE = "page"
        JOB = "job"
        COMMAND = "command"
        DATABASE = "database", "database, past the application"

    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    door = models.CharField(max_length=8, choices=Door)
    place = models.CharField(max_length=200, help_text="The page, the job, the command or the database's user.")
    address = models.GenericIPAddressField(null=True)
    object_type = models.CharField(max_length=60, help_text="Such as billing.customer.")
    object_id = models.CharField(max_length=60, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    said = models.CharField(max_length=500, blank=True, help_text="What an action did, as staff were told.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["at", "id"], name="auditentry_by_time"),
            models.Index(fields=["object_type", "object_id", "at", "id"], name="auditentry_of_object"),
            models.Index(fields=["object_type", "at", "id"], name="auditentry_by_type"),
            models.Index(fields=["actor", "at", "id"], name="auditentry_by_actor"),
            models.Index(fields=["kind", "at", "id"], name="auditentry_by_kind"),
            models.Index(fields=["address", "at", "id"], name="auditentry_by_address"),
            models.Index(OpClass(Lower("object_name"), name="text_pattern_ops"), name="auditentry_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.object_name or self.object_type} {self.get_kind_display()}"
