from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from billing.models.catalog import Plan
from billing.models.customers import Customer
from billing.models.documents import Document, DocumentLine, TaxAmount
from billing.models.fields import DaysOf, MoneyField
from billing.models.subscriptions import Subscription


class Bill(Document):
    """The document that is owed. Once issued it never changes (rule M11).

    ``allocated`` and the step between open and paid are kept by PostgreSQL itself when an
    allocation is written (rule M7), ``credited`` when a credit note is; "overdue" and "partly
    paid" are computed, never stored.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    status = models.CharField(max_length=5, choices=Status, default=Status.DRAFT)
    number = models.CharField(max_length=30, unique=True, null=True)
    sequence = models.BigIntegerField(unique=True, null=True)
    due_on = models.DateField(help_text="The last day to pay (rule B3).")
    credited = MoneyField(default=Decimal(0), help_text="What credit notes took back of it.")
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_on = models.DateField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("void_bill", "Can void a bill"),
            ("credit_bill", "Can issue a credit note for a bill"),
            ("writeoff_bill", "Can write a bill off"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="bill_total_not_negative"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="bill_total_is_net_and_tax"),
            models.CheckConstraint(condition=Q(allocated__range=(0, F("total"))), name="bill_not_overpaid"),
            models.CheckConstraint(condition=Q(credited__range=(0, F("total"))), name="bill_not_overcredited"),
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
            models.CheckConstraint(
                condition=Q(status="void", voided_at__isnull=False, voided_on__isnull=False)
                | Q(~Q(status="void"), voided_at__isnull=True, voided_on__isnull=True),
                name="bill_void_has_a_date",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "due_on"], name="bill_open_by_customer", condition=Q(status="open")),
            models.Index(fields=["issued_on", "id"], name="bill_by_issue_date"),
            # The condition that says nothing more keeps it from what is asked by customer, whatever the statistics say.
            models.Index(
                fields=["due_on", "id"],
                name="bill_open_by_due_date",
                condition=Q(status="open", allocated__lt=F("total")),
            ),
            models.Index(fields=["due_on", "id"], name="bill_partly_paid", condition=Q(status="open", allocated__gt=0)),
            models.Index(fields=["status", "id"], name="bill_not_open", condition=~Q(status="open")),
        ]

    def __str__(self) -> str:
        return self.number or "draft"

    @property
    def outstanding(self) -> Decimal:
        return self.total - self.allocated if self.status == self.Status.OPEN else Decimal(0)


class BillLine(DocumentLine):
    """One line of a bill. A recurring line bills one period of one subscription.

    ``billed_days`` are the days of the period that still count as billed: fewer after a credit
    for unused days, none when the bill is void. PostgreSQL refuses a second line for any of them
    (rule B1).
    """

    class Kind(models.TextChoices):
        RECURRING = "recurring"
        ITEM = "item", "one-off item"

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=9, choices=Kind)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="lines"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    period = DateRangeField(null=True, blank=True, help_text="Half-open [start, end) (rule T2).")
    billed_days = DateRangeField(null=True, blank=True)
    price = MoneyField(help_text="The plan's price for a full period at its start (rule B5).")
    discount = MoneyField(default=Decimal(0))
    credited = MoneyField(default=Decimal(0), help_text="What credit notes took back of its amount.")
    cut_off_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From this instant the bill cuts while it is unpaid: a period its subscription, a one-off item "
        "all of the customer's (rules B3, E5, T5).",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="recurring",
                    subscription__isnull=False,
                    period__isnull=False,
                    period__isempty=False,
                    billed_days__isnull=False,
                    billed_days__contained_by=F("period"),
                    cut_off_at__isnull=False,
                )
                | Q(kind="item", period__isnull=True, billed_days__isnull=True),
                name="billline_recurring_has_period",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, discount__gte=0, credited__range=(0, F("amount"))),
                name="billline_amounts_in_range",
            ),
            ExclusionConstraint(
                name="billline_day_billed_once",
                index_type="GIST",
                expressions=[(DaysOf("subscription_id", "billed_days"), RangeOperators.OVERLAPS)],
                condition=Q(billed_days__isempty=False),
            ),
        ]
        indexes = [models.Index(fields=["id"], name="billline_item", condition=Q(kind="item"))]


class BillTax(TaxAmount):
    """The tax of one rate on a bill."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="taxes")

    class Meta:
        verbose_name_plural = "bill taxes"
        constraints = [
            models.UniqueConstraint(fields=["bill", "name", "percent", "inclusive"], name="billtax_once_per_rate"),
        ]


class Item(models.Model):
    """Something that is charged once: installation, a router, a late fee (rule B4).

    It waits for the customer's next bill, or goes on one of its own.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="items")
    description = models.CharField(max_length=200)
    amount = MoneyField()
    tax_rate = models.ForeignKey(
        "billing.TaxRate", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    late_fee_of = models.OneToOneField(
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="late_fee", editable=False
    )
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="items", editable=False
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "one-off item"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="item_amount_positive"),
            models.CheckConstraint(
                condition=Q(bill__isnull=True) | Q(withdrawn_at__isnull=True), name="item_billed_or_withdrawn"
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer"],
                name="item_waiting",
                condition=Q(bill__isnull=True, withdrawn_at__isnull=True),
            ),
            models.Index(
                fields=["id"], name="item_still_waiting", condition=Q(bill__isnull=True, withdrawn_at__isnull=True)
            ),
            models.Index(fields=["id"], name="item_billed", condition=Q(bill__isnull=False)),
            models.Index(fields=["id"], name="item_withdrawn", condition=Q(withdrawn_at__isnull=False)),
            models.Index(fields=["created_at", "id"], name="item_by_date"),
        ]

    def __str__(self) -> str:
        return self.description
