"""Figures of the business that are kept, so that no page adds up millions of rows (rule S8).

They are counted from the books by ``billing.services.reports`` and may be thrown away at any time: the books
are right, and ``verify_books`` compares. Rows that they name may be gone, which leaves a figure without a name.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models.catalog import Plan
from billing.models.customers import Area
from billing.models.fields import MoneyField, PercentField
from billing.models.payments import Payment


def _loose(to: Any) -> Any:
    """A key that keeps nobody from deleting what it names."""
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )


class FiguresCount(models.Model):
    """When the figures were counted; one row, which a count locks.

    Days before ``whole_on`` were counted from ledger entries up to ``whole_entry``. ``recent`` has for yesterday and
    today how many entries were counted, and the last of them. ``credit`` is what customers have with us and no
    bill has taken yet.
    """

    counted_at = models.DateTimeField(null=True)
    whole_on = models.DateField(null=True)
    whole_since = models.DateField(null=True)
    whole_entry = models.BigIntegerField(default=0)
    recent = models.JSONField(default=dict, db_default={})
    credit = MoneyField(default=0)

    class Meta:
        default_permissions = ()
        permissions = [("view_reports", "Can see the reports and the figures of the business")]
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="figurescount_one_row")]

    def __str__(self) -> str:
        return _("counted at {counted_at}").format(counted_at=self.counted_at)


class Figure(models.Model):
    """A kept figure of one area: the customer's as it was when counted, None for customers without one."""

    area = _loose(Area)

    class Meta:
        abstract = True
        default_permissions = ()


class CollectedDay(Figure):
    """Money of one day: what came in, and what went back by reversals and refunds."""

    day = models.DateField(db_index=True)
    method = models.CharField(max_length=6, choices=Payment.Method)
    staff = _loose(settings.AUTH_USER_MODEL)
    payments = models.PositiveIntegerField(default=0)
    received = MoneyField(default=0)
    returned = MoneyField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.method}"


class IncomeDay(Figure):
    """What was billed on one day for one plan, without tax, and what was taken back of bills on that day."""

    day = models.DateField(db_index=True)
    plan = _loose(Plan)
    billed = MoneyField(default=0)
    voided = MoneyField(default=0)
    credited = MoneyField(default=0)
    given_up = MoneyField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.plan_id}"


class TaxDay(Figure):
    """The tax of one rate on the bills of one day, less that of bills voided and credited on it.

    ``percent`` is None for what has no tax.
    """

    day = models.DateField(db_index=True)
    name = models.CharField(max_length=40, blank=True)
    percent = PercentField(null=True)
    base = MoneyField(default=0)
    tax = MoneyField(default=0)
    base_back = MoneyField(default=0)
    tax_back = MoneyField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class OpenDay(Figure):
    """What is left to pay of the open bills that are due on one day."""

    due_on = models.DateField(db_index=True)
    bills = models.PositiveIntegerField()
    amount = MoneyField()

    def __str__(self) -> str:
        return str(self.due_on)


class RunningMonth(Figure):
    """Subscriptions at the end of one month, or today, and who came and went in it.

    ``month`` is its first day; ``plan`` is None in the row of all plans, in which each customer counts once.
    """

    month = models.DateField(db_index=True)
    plan = _loose(Plan)
    subscriptions = models.PositiveIntegerField()
    customers = models.PositiveIntegerField()
    gained = models.PositiveIntegerField()
    lost = models.PositiveIntegerField()
    recurring = MoneyField()
    recurring_gained = MoneyField()
    recurring_lost = MoneyField()

    def __str__(self) -> str:
        return str(self.month)
