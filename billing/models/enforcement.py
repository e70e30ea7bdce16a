"""What keeps unpaid bills from cutting, and what is said before they do (rules E10, E11, S3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models.bills import Bill
from billing.models.customers import Customer
from billing.models.subscriptions import Subscription
from billing.models.sweeps import SweepRun


class Holiday(models.Model):
    """A day on which nobody is cut (rule E10)."""

    day = models.DateField(
        unique=True, error_messages={"unique": "This day is a holiday already. Change that one instead."}
    )
    name = models.CharField(max_length=80)
    yearly = models.BooleanField(default=False, help_text="It comes again on this day of each year.")

    class Meta:
        ordering = ["day"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="holiday_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Deferral(models.Model):
    """Until when a customer is not cut, who said so and why; it ends by itself."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss")
    not_before = models.DateTimeField(editable=False, help_text="The first instant at which a cut may happen.")
    why = models.CharField(max_length=200)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    ended_at = models.DateTimeField(null=True, editable=False, help_text="When it was taken back.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )

    class Meta:
        abstract = True
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["not_before", "id"], name="%(class)s_running", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["id"], name="%(class)s_taken_back", condition=Q(ended_at__isnull=False)),
            models.Index(fields=["until", "id"], name="%(class)s_by_last_day"),
        ]


class Promise(Deferral):
    """Staff let a debt run until a date, because the customer promised to pay (rule E11).

    ``run`` and ``subscription`` are set when the cuts of a run were undone: then only what that
    run had cut is spared.
    """

    until = models.DateField(help_text="Last day with access, although the bill is unpaid.")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, editable=False, related_name="promises"
    )
    run = models.ForeignKey(SweepRun, on_delete=models.PROTECT, null=True, editable=False, related_name="promises")
    request_key = models.UUIDField(unique=True, null=True, editable=False)

    class Meta(Deferral.Meta):
        permissions = [("give_promise", "Can note a promise to pay and take it back")]
        constraints = [
            models.CheckConstraint(
                condition=Q(run__isnull=True, subscription__isnull=True)
                | Q(run__isnull=False, subscription__isnull=False),
                name="promise_of_a_run_names_a_subscription",
            ),
        ]

    def __str__(self) -> str:
        return _("promise until {until}").format(until=self.until)


class Exclusion(Deferral):
    """A customer whom unpaid bills do not cut: until a date, or never (rule E11)."""

    until = models.DateField(null=True, blank=True, help_text="Last day of it. Empty: never cut.")
    notices = models.BooleanField(default=False, help_text="Reminders go on.")

    class Meta(Deferral.Meta):
        permissions = [("exclude_customer", "Can exclude a customer from cuts and take it back")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_at__isnull=True), name="exclusion_one_per_customer"
            ),
        ]

    def __str__(self) -> str:
        return _("not cut until {until}").format(until=self.until) if self.until else _("never cut")


class Reminder(models.Model):
    """That a customer is to be reminded of a bill: once per bill and stage (rules E2, S3)."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="reminders")
    days = models.SmallIntegerField(help_text="Days after the due date, below zero before it.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["bill", "days"], name="reminder_once_per_stage")]
        indexes = [
            models.Index(fields=["days", "id"], name="reminder_by_stage"),
            models.Index(fields=["recorded_at", "id"], name="reminder_by_record"),
        ]

    def __str__(self) -> str:
        return _("{bill}, {days} days").format(bill=self.bill, days=self.days)


class FollowedPolicy(models.Model):
    """What the stored cut-off instants and reminders follow; one row.

    When the setting differs, the instants are computed anew. ``reminded_through`` is the last day
    whose reminders are recorded.
    """

    minimum_debt = models.DecimalField(max_digits=14, decimal_places=3)
    reminded_through = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="followedpolicy_one_row")]

    def __str__(self) -> str:
        return _("minimum debt {minimum_debt}").format(minimum_debt=self.minimum_debt)
