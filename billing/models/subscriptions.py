from django.db import models
from django.db.models import F, Q

from billing.models.catalog import Plan
from billing.models.customers import Customer
from billing.rules.periods import Schedule


class Subscription(models.Model):
    """One service of one customer on one plan, with its own dates.

    ``next_period`` is the index n of the first period that is not billed yet; the dates of
    period n follow from ``starts_on`` and the plan alone (rule T3). Whether it has access is
    not kept here but in ``AccessState``.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    login = models.CharField(max_length=64, unique=True)
    starts_on = models.DateField(help_text="First day; the anchor of all its billing periods.")
    ends_on = models.DateField(null=True, blank=True, help_text="First day without the service. Empty: open-ended.")
    next_period = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(login=""), name="subscription_has_a_login"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="subscription_ends_after_start",
                violation_error_message="The end must come after the start.",
            ),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def schedule(self) -> Schedule:
        return Schedule(anchor=self.starts_on, interval=self.plan.interval, billing_day=self.plan.billing_day)
