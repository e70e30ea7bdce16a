from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.catalog import Plan
from billing.models.fields import DaysOf, MoneyField, PercentField
from billing.models.subscriptions import Subscription
from billing.rules.discounts import Discount as DiscountRule


class Hold(models.Model):
    """Days on which a subscription rests: no access, and not billed (rule L3)."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="holds")
    days = DateRangeField(help_text="Half-open; without an end until the subscription is resumed.")
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(editable=False)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ended and its unused days were credited."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="hold_not_ended", condition=Q(settled_at__isnull=True)),
            models.Index(fields=["created_at", "id"], name="hold_by_date"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(days__isempty=False), name="hold_has_days"),
            ExclusionConstraint(
                name="hold_days_once",
                index_type="GIST",
                expressions=[(DaysOf("subscription_id", "days"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return _("{lower} to {upper}").format(lower=self.days.lower, upper=self.days.upper or _("resumed"))


class ScheduledChange(models.Model):
    """A change of a subscription that happens on a later day; it can be taken back before (rule L1)."""

    class Kind(models.TextChoices):
        START = "start"
        PLAN = "plan", "change of plan"
        HOLD = "hold"
        RESUME = "resume"
        END = "end"

    class Status(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        CANCELLED = "cancelled", "taken back"
        FAILED = "failed"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="scheduled_changes")
    kind = models.CharField(max_length=6, choices=Kind)
    due_on = models.DateField()
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="changes")
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="plan", plan__isnull=False) | Q(~Q(kind="plan"), plan__isnull=True),
                name="scheduledchange_plan_names_a_plan",
            ),
            models.UniqueConstraint(
                fields=["subscription", "kind"],
                condition=Q(status="pending", kind__in=["start", "plan", "end"]),
                name="scheduledchange_pending_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="scheduledchange_pending", condition=Q(status="pending")),
            models.Index(fields=["id"], name="scheduledchange_failed", condition=Q(status="failed")),
            models.Index(fields=["due_on", "id"], name="scheduledchange_by_date"),
            models.Index(fields=["status", "due_on", "id"], name="scheduledchange_by_status"),
            models.Index(fields=["kind", "due_on", "id"], name="scheduledchange_by_kind"),
        ]

    def __str__(self) -> str:
        return _("{kind} on {due_on}").format(kind=self.get_kind_display(), due_on=self.due_on)


class Discount(models.Model):
    """What is taken off a subscription's price for periods that start from–to (rule B5)."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="discounts")
    description = models.CharField(max_length=100)
    percent = PercentField(null=True, blank=True)
    fixed = MoneyField(null=True, blank=True, help_text="Off the price of a full period.")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="First day without it. Empty: open-ended.")
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["starts_on", "id"], name="discount_by_start"),
            models.Index(fields=["ends_on", "id"], name="discount_by_end", condition=Q(ends_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=False, percent__gt=0, percent__lte=100, fixed__isnull=True)
                | Q(percent__isnull=True, fixed__isnull=False, fixed__gt=0),
                name="discount_percent_or_fixed",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="discount_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def rule(self) -> DiscountRule:
        return DiscountRule(percent=self.percent, fixed=self.fixed)
