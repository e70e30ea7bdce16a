from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from billing.models.customers import Customer
from billing.models.fields import MoneyField
from billing.models.subscriptions import Subscription


class Bill(models.Model):
    """The document that is owed. Once issued it never changes (rule M11).

    ``allocated`` and the step between open and paid are kept by PostgreSQL itself when an
    allocation is written (rule M7); "overdue" and "partly paid" are computed, never stored.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bills")
    status = models.CharField(max_length=5, choices=Status, default=Status.DRAFT)
    number = models.CharField(max_length=30, unique=True, null=True)
    sequence = models.BigIntegerField(unique=True, null=True)
    currency = models.CharField(max_length=3)
    total = MoneyField()
    allocated = MoneyField(default=Decimal(0))
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    due_on = models.DateField(help_text="The last day to pay (rule B3).")
    customer_code = models.CharField(max_length=20)
    customer_name = models.CharField(max_length=120)
    customer_address = models.CharField(max_length=250, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="bill_total_not_negative"),
            models.CheckConstraint(condition=Q(allocated__range=(0, F("total"))), name="bill_not_overpaid"),
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="bill_due_after_issue"),
            models.CheckConstraint(
                condition=Q(status="draft", number__isnull=True, sequence__isnull=True)
                | Q(~Q(status="draft"), number__isnull=False, sequence__isnull=False),
                name="bill_numbered_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", allocated=F("total"))
                | Q(status="open", allocated__lt=F("total"))
                | Q(status__in=["draft", "void"], allocated=0),
                name="bill_paid_when_allocated_in_full",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "due_on"], name="bill_open_by_customer", condition=Q(status="open")),
            models.Index(fields=["issued_on", "id"], name="bill_by_issue_date"),
        ]

    def __str__(self) -> str:
        return self.number or "draft"

    @property
    def outstanding(self) -> Decimal:
        return self.total - self.allocated if self.status == self.Status.OPEN else Decimal(0)


class BillLine(models.Model):
    """One line of a bill. A recurring line bills one period of one subscription.

    PostgreSQL refuses a second line for any day of a subscription (rule B1).
    """

    class Kind(models.TextChoices):
        RECURRING = "recurring"
        ITEM = "item", "one-off item"

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=9, choices=Kind)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )
    period = DateRangeField(null=True, blank=True, help_text="Half-open [start, end) (rule T2).")
    description = models.CharField(max_length=200)
    price = MoneyField(help_text="The plan's price for a full period at its start (rule B5).")
    amount = MoneyField()
    cut_off_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From this instant the subscription is disabled while the bill is unpaid (rules B3, T5).",
    )
    voided = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="recurring", subscription__isnull=False, period__isempty=False, cut_off_at__isnull=False
                )
                | Q(kind="item", period__isnull=True, cut_off_at__isnull=True),
                name="billline_recurring_has_period",
            ),
            ExclusionConstraint(
                name="billline_day_billed_once",
                expressions=[
                    (
                        Func(F("subscription_id"), F("subscription_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(kind="recurring", voided=False),
            ),
        ]

    def __str__(self) -> str:
        return self.description
