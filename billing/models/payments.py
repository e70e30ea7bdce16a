from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.bills import Bill
from billing.models.customers import Customer
from billing.models.fields import MoneyField


class Payment(models.Model):
    """Money in. Its amount never changes; what is not allocated is the customer's credit.

    ``request_key`` and (``gateway``, ``transaction_id``) make a repeated request harmless
    (rule M9).
    """

    class Method(models.TextChoices):
        CASH = "cash"
        BANK = "bank", "bank transfer"
        CARD = "card"
        MOBILE = "mobile", "mobile money"
        OTHER = "other"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    number = models.CharField(max_length=30, unique=True, verbose_name="receipt number")
    sequence = models.BigIntegerField(unique=True)
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    allocated = MoneyField(default=Decimal(0))
    method = models.CharField(max_length=6, choices=Method, default=Method.CASH)
    received_at = models.DateTimeField(db_index=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    gateway = models.CharField(max_length=40, blank=True)
    transaction_id = models.CharField(max_length=100, null=True, blank=True)
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(allocated__range=(0, F("amount"))), name="payment_not_overallocated"),
            models.CheckConstraint(
                condition=Q(transaction_id__isnull=True) | ~Q(transaction_id=""),
                name="payment_transaction_id_not_blank",
            ),
            models.UniqueConstraint(fields=["gateway", "transaction_id"], name="payment_transaction_once"),
        ]
        indexes = [
            models.Index(fields=["customer"], name="payment_with_credit", condition=Q(allocated__lt=F("amount"))),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def credit(self) -> Decimal:
        """What is left of it to pay the next bill."""
        credit: Decimal = self.amount - self.allocated
        return credit


class Allocation(models.Model):
    """The part of one payment that pays one bill. Appended, never changed (rules M7, M8)."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField()
    allocated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_amount_positive")]

    def __str__(self) -> str:
        return f"{self.payment} → {self.bill}"
