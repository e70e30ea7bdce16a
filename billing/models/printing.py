from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _


class PrintOrder(models.Model):
    """Bills that a member of staff wants in one PDF file, made by the job ``print_documents``.

    ``bill_ids`` are as chosen when it was ordered, ``total`` of them, of which the first ``done`` are made.
    A long order is several rows, the ``part`` of ``parts`` of one ``request_key``. ``tries`` counts how often
    the next bills were begun, so that bills which end the process that makes them do not do so for ever.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    what = models.CharField(max_length=200)
    bill_ids = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    error = models.CharField(max_length=500, blank=True)
    part = models.PositiveSmallIntegerField(default=1)
    parts = models.PositiveSmallIntegerField(default=1)
    request_key = models.UUIDField()
    ordered_at = models.DateTimeField()
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request_key", "part"], name="printorder_part_once"),
            models.CheckConstraint(condition=Q(done__range=(0, F("total"))), name="printorder_done_in_range"),
            models.CheckConstraint(condition=Q(part__range=(1, F("parts"))), name="printorder_part_of_parts"),
            models.CheckConstraint(
                condition=Q(status="waiting", ended_at__isnull=True) | Q(~Q(status="waiting"), ended_at__isnull=False),
                name="printorder_ended_unless_waiting",
            ),
        ]
        indexes = [models.Index(fields=["id"], name="printorder_waiting", condition=Q(status="waiting"))]

    def __str__(self) -> str:
        return (
            self.what
            if self.parts == 1
            else _("{what} (file {part} of {parts})").format(what=self.what, part=self.part, parts=self.parts)
        )


class PrintPart(models.Model):
    """A part of an order's file: while it is made, a PDF of some bills; when it is done, the next bytes of the file."""

    order = models.ForeignKey(PrintOrder, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["order", "position"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="printpart_once")]

    def __str__(self) -> str:
        return f"{self.order}, {self.position}"
