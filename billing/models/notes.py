from django.conf import settings
from django.db import models

from billing.models.customers import Customer


class CustomerNote(models.Model):
    """What staff tell each other about a customer; never changed: another note corrects it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField(max_length=500)
    written_at = models.DateTimeField(editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    request_key = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")
        verbose_name = "note"

    def __str__(self) -> str:
        return self.text
