from django.db import models
from django.db.models import F, Q

from billing.models.fields import MoneyField
from billing.rules.periods import Interval, Unit


class Plan(models.Model):
    """What is sold: a price per interval, a speed, and the dates a bill of it gets."""

    class IntervalUnit(models.TextChoices):
        DAY = Unit.DAY.value, "day"
        WEEK = Unit.WEEK.value, "week"
        MONTH = Unit.MONTH.value, "month"
        YEAR = Unit.YEAR.value, "year"

    class Mode(models.TextChoices):
        PREPAID = "prepaid", "prepaid, billed in advance"
        POSTPAID = "postpaid", "postpaid, billed in arrears"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    price = MoneyField(help_text="For one full interval.")
    interval_count = models.PositiveSmallIntegerField(default=1)
    interval_unit = models.CharField(max_length=5, choices=IntervalUnit, default=IntervalUnit.MONTH)
    billing_day = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Fixed day of the month, 1 to 31. Empty: the day on which the subscription started.",
    )
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.PREPAID)
    due_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days to pay after the issue date. Empty: the installation's DUE_DAYS."
    )
    grace_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days online after the due date. Empty: the installation's GRACE_DAYS."
    )
    download_kbps = models.PositiveIntegerField(null=True, blank=True, verbose_name="download (kbit/s)")
    upload_kbps = models.PositiveIntegerField(null=True, blank=True, verbose_name="upload (kbit/s)")
    available_from = models.DateField(null=True, blank=True, help_text="First day on which it is sold.")
    available_until = models.DateField(null=True, blank=True, help_text="Last day on which it is sold.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=0), name="plan_price_not_negative", violation_error_message="Price: 0 or more."
            ),
            models.CheckConstraint(
                condition=Q(interval_count__gte=1),
                name="plan_interval_at_least_one",
                violation_error_message="Interval: at least 1.",
            ),
            models.CheckConstraint(
                condition=Q(billing_day__isnull=True)
                | Q(billing_day__range=(1, 31), interval_unit__in=["month", "year"]),
                name="plan_billing_day_in_month",
                violation_error_message="Billing day: 1 to 31, for plans by the month or year; else leave it empty.",
            ),
            models.CheckConstraint(
                condition=Q(available_from__isnull=True)
                | Q(available_until__isnull=True)
                | Q(available_until__gte=F("available_from")),
                name="plan_available_until_after_from",
                violation_error_message="“Available until” is before “available from”: correct one of the two dates.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def interval(self) -> Interval:
        return Interval(count=self.interval_count, unit=Unit(self.interval_unit))
