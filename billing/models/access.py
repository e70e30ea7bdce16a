"""Who has access: the hot state, the reasons against it, and every change ever made."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.bills import Bill
from billing.models.subscriptions import Subscription
from billing.models.sweeps import SweepRun


class AccessState(models.Model):
    """The hot state of a subscription, one narrow row each.

    ``cut_off_at`` is the instant from which its unpaid bills cut it, NULL when none does, and
    never before ``not_before``, which is the latest of its promises and exclusions (rule E11).
    Both are maintained in the transaction of whatever changes them, so the sweep can decide
    on this row's own columns (rule E8). ``version`` grows with every change of ``is_on``.
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="access_state"
    )
    cut_off_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    is_on = models.BooleanField(default=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["cut_off_at"], name="access_due", condition=Q(is_on=True))]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class Block(models.Model):
    """One reason why a subscription has no access; open until ``closed_at`` (rule E6)."""

    class Reason(models.TextChoices):
        UNPAID = "unpaid"
        MANUAL = "manual"
        HOLD = "hold"
        ABUSE = "abuse"
        QUOTA = "quota"
        PENDING = "pending", "not started yet"
        ENDED = "ended"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="blocks")
    reason = models.CharField(max_length=7, choices=Reason)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "reason"],
                condition=Q(closed_at__isnull=True),
                name="block_open_once_per_reason",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=models.F("opened_at")),
                name="block_closed_after_opened",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reason", "subscription"], name="block_open_by_reason", condition=Q(closed_at__isnull=True)
            ),
            # Nearly all are because of unpaid bills: those are found without an index, and cuts stay cheap.
            models.Index(fields=["reason", "id"], name="block_of_rare_reason", condition=~Q(reason="unpaid")),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class AccessEvent(models.Model):
    """One change of access or of a reason for it, never edited (rule E15).

    PostgreSQL checks that what an event names exists once for all the events of a statement, and keeps it: a sweep
    writes thousands, and a foreign key would look at each alone.
    """

    class Change(models.TextChoices):
        BLOCKED = "blocked"
        UNBLOCKED = "unblocked"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, db_constraint=False, related_name="access_events"
    )
    at = models.DateTimeField()
    change = models.CharField(max_length=9, choices=Change)
    reason = models.CharField(max_length=7, choices=Block.Reason)
    rule = models.CharField(max_length=4, help_text="The rule of the rulebook that asked for it.")
    bill = models.ForeignKey(
        Bill,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    run = models.ForeignKey(
        SweepRun,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the scheduler or a command.",
    )
    was_on = models.BooleanField()
    is_on = models.BooleanField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="accessevent_at"),
            models.Index(fields=["run", "id"], name="accessevent_of_run", condition=Q(run__isnull=False)),
            models.Index(fields=["reason", "id"], name="accessevent_of_rare_reason", condition=~Q(reason="unpaid")),
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display()}: {self.get_reason_display()}"
