from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.fields import MoneyField


class ImportedFile(models.Model):
    """A file of rows that staff bring in, checked and imported by the job ``import_files``.

    Its rows are kept as they were read until some days after it has ended. ``mapping`` says in which column each
    field stands, ``options`` how its values are written. Of ``total`` rows the first ``done`` are handled in the
    step that ``status`` names. ``tries`` counts how often the next rows were begun, so that rows which end the
    process do not do so for ever. A file with tables of several kinds is several rows of one ``request_key``.
    """

    class Kind(models.TextChoices):
        PAYMENTS = "payments"
        CUSTOMERS = "customers"
        PLANS = "plans"
        SUBSCRIPTIONS = "subscriptions"

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "columns to be chosen"
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "waits for your word"
        IMPORTING = "importing", "being imported"
        DONE = "done", "imported"
        FAILED = "failed", "given up"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=13, choices=Kind)
    name = models.CharField(max_length=200)
    head = models.JSONField(help_text="The names of the columns.")
    mapping = models.JSONField(default=dict, help_text="Field: number of its column, from 0.")
    options = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    left_out = models.JSONField(default=list, help_text="What of the file is not brought in, in words.")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=9, choices=Status, default=Status.UPLOADED)
    error = models.CharField(max_length=500, blank=True)
    request_key = models.UUIDField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(null=True, blank=True)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        permissions = [
            ("import_payments", "Can import payments from a statement"),
            ("import_customers", "Can import customers, plans and subscriptions"),
            ("export_lists", "Can download lists as files"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request_key", "kind"], name="importedfile_kind_once"),
            models.CheckConstraint(condition=Q(done__range=(0, F("total"))), name="importedfile_done_in_range"),
            models.CheckConstraint(
                condition=Q(status__in=["done", "failed", "cancelled"], ended_at__isnull=False)
                | Q(status__in=["uploaded", "checking", "checked", "importing"], ended_at__isnull=True),
                name="importedfile_ended_at_its_end",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="importedfile_waiting", condition=Q(status__in=["checking", "importing"])),
        ]

    def __str__(self) -> str:
        return _("{kind} of {name}").format(kind=self.get_kind_display(), name=self.name)


class ImportedRow(models.Model):
    """One row of a file as it was read, and what it is to do or did.

    ``position`` counts from 1; ``twin`` is how many rows before it are just the same. ``key`` is what tells the row
    from others of its kind, so that it is not brought in twice.
    """

    class Outcome(models.TextChoices):
        NEW = "new", "new"
        CHANGED = "changed"
        SUSPENDED = "suspended", "to the suspense list"
        SAME = "same", "nothing to do"
        LEFT_OUT = "left out"
        REFUSED = "refused", "cannot be imported"

    file = models.ForeignKey(ImportedFile, on_delete=models.CASCADE, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    twin = models.PositiveIntegerField(default=0)
    cells = models.JSONField()
    key = models.CharField(max_length=160, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, default="", db_default="")
    message = models.CharField(max_length=300, blank=True, default="", db_default="")
    amount = MoneyField(null=True)

    class Meta:
        ordering = ["file", "position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["file", "position"], name="importedrow_once")]

    def __str__(self) -> str:
        return _("{file}, row {position}").format(file=self.file, position=self.position)
