from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.fields import MoneyField, PercentField
from billing.rules.periods import Interval, Unit
from billing.rules.tax import Rate

NAME_ON_ROUTER = r"^[A-Za-z0-9._-]{0,64}$"


class TaxRate(models.Model):
    """A tax on what is sold; ``inclusive`` prices hold it already (rule M4)."""

    name = models.CharField(max_length=40, unique=True, help_text="As printed on bills, such as VAT 20%.")
    percent = PercentField()
    inclusive = models.BooleanField(default=False, help_text="The prices hold this tax already.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__range=(0, 100)),
                name="taxrate_percent_in_range",
                violation_error_message="Percent: 0 to 100.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rate(self) -> Rate:
        return Rate(name=self.name, percent=self.percent, inclusive=self.inclusive)


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

    class UnpaidAccess(models.TextChoices):
        OFF = "off", "no access"
        GARDEN = "garden", "only the page that says how to pay"

    class OverQuota(models.TextChoices):
        THROTTLE = "throttle", "slower until the period ends"
        GARDEN = "garden", "only the page that says how to pay"

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
    tax_rate = models.ForeignKey(TaxRate, on_delete=models.PROTECT, null=True, blank=True, related_name="plans")
    lead_days = models.PositiveSmallIntegerField(
        default=0, help_text="Prepaid: days before the period at which its bill is issued."
    )
    due_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days to pay after the issue date. Empty: the installation's DUE_DAYS; for a prepaid plan with "
        "lead days, the last paid day.",
    )
    grace_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days online after the due date. Empty: the installation's GRACE_DAYS."
    )
    trial_days = models.PositiveSmallIntegerField(default=0, help_text="Free days before the first paid period.")
    bills_while_unpaid = models.BooleanField(
        null=True,
        blank=True,
        help_text="Whether a subscription that is disabled as unpaid is billed further. "
        "Empty: yes for postpaid, no for prepaid.",
    )
    end_after_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days disabled as unpaid after which the subscription ends, 0 for never. "
        "Empty: the installation's END_AFTER_DAYS.",
    )
    reopens_when_paid = models.BooleanField(
        default=True, help_text="A payment brings a subscription back that ended because it was unpaid."
    )
    # 0 would be no limit to a router.
    download_kbps = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], verbose_name="download (kbit/s)"
    )
    upload_kbps = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], verbose_name="upload (kbit/s)"
    )
    pool = models.CharField(max_length=64, blank=True, help_text="Address pool on the router. Empty: the router's own.")
    address_list = models.CharField(max_length=64, blank=True, help_text="Address list on the router, if any.")
    unpaid_access = models.CharField(
        max_length=6,
        choices=UnpaidAccess,
        blank=True,
        help_text="What is left while disabled as unpaid. Empty: the installation's UNPAID_ACCESS.",
    )
    quota_gb = models.PositiveIntegerField(
        null=True, blank=True, verbose_name="quota (GB)", help_text="Data in a period, both ways. Empty: no limit."
    )
    over_quota = models.CharField(
        max_length=8, choices=OverQuota, blank=True, help_text="What happens when the quota is used up."
    )
    throttled_download_kbps = models.PositiveIntegerField(
        null=True, blank=True, verbose_name="download over quota (kbit/s)"
    )
    throttled_upload_kbps = models.PositiveIntegerField(
        null=True, blank=True, verbose_name="upload over quota (kbit/s)"
    )
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
            models.CheckConstraint(
                condition=Q(pool__regex=NAME_ON_ROUTER, address_list__regex=NAME_ON_ROUTER),
                name="plan_names_on_router",
                violation_error_message="Pool and address list: letters, digits, “.”, “_” and “-”.",
            ),
            models.CheckConstraint(
                condition=Q(quota_gb__isnull=True, over_quota="") | Q(quota_gb__gte=1) & ~Q(over_quota=""),
                name="plan_quota_has_a_consequence",
                violation_error_message="A quota of at least 1 GB and what happens when it is used up go together.",
            ),
            models.CheckConstraint(
                condition=~Q(over_quota="throttle") | Q(throttled_download_kbps__gte=1, throttled_upload_kbps__gte=1),
                name="plan_throttle_has_speeds",
                violation_error_message="To get slower over the quota, a plan needs both speeds for that.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def goes_on_while_unpaid(self) -> bool:
        """Whether periods are billed while the subscription is disabled as unpaid (rule B9)."""
        if self.bills_while_unpaid is None:
            return self.mode == self.Mode.POSTPAID
        return self.bills_while_unpaid

    @property
    def interval(self) -> Interval:
        return Interval(count=self.interval_count, unit=Unit(self.interval_unit))

    def has_grid_of(self, other: "Plan") -> bool:
        """Whether the periods of both plans start on the same days."""
        return (self.interval, self.billing_day) == (other.interval, other.billing_day)


class PriceBefore(models.Model):
    """The price that a plan had for periods that started before ``day``, and who changed it then (rules B5, S1).

    Of several on one day the first is what counted before; the others were prices of that day only.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="earlier_prices")
    day = models.DateField()
    price = MoneyField()
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["plan", "day", "id"]
        verbose_name = "earlier price"

    def __str__(self) -> str:
        return _("{plan} before {day}").format(plan=self.plan, day=self.day)
