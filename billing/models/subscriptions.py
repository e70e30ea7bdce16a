from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.catalog import Plan
from billing.models.customers import Customer
from billing.rules.periods import Schedule


class Subscription(models.Model):
    """One service of one customer on one plan, with its own dates.

    The grid of its billing periods follows from ``anchor`` and the plan alone (rule T3).
    Whether it has access is kept in ``AccessState``, how far it is billed in ``BillingState``.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions", db_index=False)
    login = models.CharField(max_length=64, unique=True)
    starts_on = models.DateField(help_text="First day of the service.")
    ends_on = models.DateField(null=True, blank=True, help_text="First day without the service. Empty: open-ended.")
    ended_unpaid_on = models.DateField(
        null=True, editable=False, help_text="The day on which it ended because it was unpaid (rule E16)."
    )
    anchor = models.DateField(editable=False, help_text="The day from which its billing periods are counted.")
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["id"]
        permissions = [
            ("switch_plan", "Can change the plan of a subscription"),
            ("hold_subscription", "Can hold and resume a subscription"),
            ("end_subscription", "Can end a subscription"),
            ("renew_subscription", "Can renew a prepaid subscription"),
        ]
        indexes = [models.Index(fields=["plan", "id"], name="subscription_of_plan")]
        constraints = [
            models.CheckConstraint(condition=~Q(login=""), name="subscription_has_a_login"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="subscription_ends_after_start",
                violation_error_message="The end must not come before the start.",
            ),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def schedule(self) -> Schedule:
        return Schedule(anchor=self.anchor, interval=self.plan.interval, billing_day=self.plan.billing_day)


class BillingState(models.Model):
    """How far a subscription is billed: one narrow row each, which the billing run lives on.

    The next line starts at ``billed_until``, where the last one ended, so no day is billed twice
    and none is skipped (rule B1). ``bill_on`` is the day on which its bill is due to be issued,
    NULL when nothing is left to bill or while it waits for a payment or a hold to end.
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="billing_state"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    billed_until = models.DateField()
    bill_on = models.DateField(null=True)
    review = models.CharField(
        max_length=300, blank=True, help_text="Why the billing run set it aside; empty while all is well (rule B7)."
    )
    review_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["bill_on", "customer"],
                name="billingstate_due",
                condition=Q(review="", bill_on__isnull=False),
            ),
            models.Index(fields=["subscription"], name="billingstate_review", condition=~Q(review="")),
            models.Index(
                fields=["review_since", "subscription"], name="billingstate_review_by_date", condition=~Q(review="")
            ),
        ]

    def __str__(self) -> str:
        return _("billed until {billed_until}").format(billed_until=self.billed_until)


class UnbilledDays(models.Model):
    """Days of a subscription that are never billed, and why (rules B9, L3, L7)."""

    class Reason(models.TextChoices):
        TRIAL = "trial", "free trial"
        UNPAID = "unpaid", "disabled as unpaid"
        HOLD = "hold", "on hold"
        BEFORE = "before", "paid for before it came here"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="unbilled_days")
    first_day = models.DateField()
    end_day = models.DateField(help_text="First day after them.")
    reason = models.CharField(max_length=6, choices=Reason)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "unbilled days"
        indexes = [
            models.Index(fields=["reason", "id"], name="unbilleddays_by_reason"),
            models.Index(fields=["recorded_at", "id"], name="unbilleddays_by_record"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end_day__gt=F("first_day")), name="unbilleddays_end_after_start"),
        ]

    def __str__(self) -> str:
        return _("{first_day} to {end_day}").format(first_day=self.first_day, end_day=self.end_day)
