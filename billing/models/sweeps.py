"""The record of the expiry sweep: each run, and what it found due and did not cut."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from billing.models.subscriptions import Subscription


class SweepRun(models.Model):
    """One run of the expiry check; each of its cuts names it.

    An abnormal run is held by the circuit breaker and cuts nobody until staff confirm it (rule E14).
    """

    class Status(models.TextChoices):
        DONE = "done"
        HELD = "held", "held by the circuit breaker"
        CONFIRMED = "confirmed", "confirmed, being carried out"
        LAPSED = "lapsed", "held, no longer needed"
        UNDONE = "undone"

    as_of = models.DateTimeField(help_text="The instant at which it judged what is due.")
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.DONE)
    looked_at = models.PositiveIntegerField(default=0, help_text="Subscriptions that were due.")
    active = models.PositiveIntegerField(null=True, help_text="Subscriptions that were on, when it was held.")
    disabled = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Locked by somebody, left to the next run.")
    set_aside = models.PositiveIntegerField(default=0, help_text="Not disabled because of an error.")
    decided_at = models.DateTimeField(null=True, help_text="When it was confirmed or undone.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("confirm_run", "Can let a run go on that the circuit breaker holds"),
            ("undo_run", "Can undo the cuts of a run"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="held"), name="sweeprun_held_once"),
        ]
        indexes = [
            models.Index(fields=["status"], name="sweeprun_unfinished", condition=Q(status__in=["held", "confirmed"])),
            models.Index(fields=["status", "id"], name="sweeprun_not_done", condition=~Q(status="done")),
            models.Index(fields=["as_of", "id"], name="sweeprun_by_instant"),
        ]

    def __str__(self) -> str:
        return _("run {pk}").format(pk=self.pk)


class SweepFinding(models.Model):
    """A subscription that a run found due and did not cut, and why."""

    class Kind(models.TextChoices):
        HELD = "held", "held by the circuit breaker"
        SET_ASIDE = "set aside"

    run = models.ForeignKey(SweepRun, on_delete=models.CASCADE, related_name="findings")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "subscription"], name="sweepfinding_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.get_kind_display()}"
