from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Right

from billing.models.customers import DIGITS_OF_PHONE
from billing.models.fields import MoneyField
from billing.models.imports import ImportedFile
from billing.models.payments import Payment


class UnmatchedPayment(models.Model):
    """Money on a statement of which nobody knows yet whose it is: the suspense list.

    It is no payment until staff say whose it is, once; or they refuse it with a reason. ``source`` and
    ``reference`` become the payment's gateway and transaction, so that it comes once whichever way it takes.
    """

    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=100)
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=6, choices=Payment.Method)
    paid_on = models.DateField(null=True, blank=True)
    payer = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    text = models.CharField(max_length=250, blank=True, help_text="What the payer wrote.")
    why = models.CharField(max_length=300, help_text="Why it was not matched.")
    file = models.ForeignKey(ImportedFile, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="unmatched")
    refusal = models.CharField(max_length=200, blank=True, help_text="Why it is no payment of a customer.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("resolve_unmatchedpayment", "Can say whose unmatched money is, or refuse it")]
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="unmatchedpayment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="unmatchedpayment_amount_positive"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, payment__isnull=True, refusal="")
                | Q(closed_at__isnull=False, payment__isnull=False, refusal="")
                | Q(closed_at__isnull=False, payment__isnull=True) & ~Q(refusal=""),
                name="unmatchedpayment_closed_in_one_way",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="unmatchedpayment_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["id"], name="unmatchedpayment_refused", condition=~Q(refusal="")),
            models.Index(fields=["source", "id"], name="unmatchedpayment_of_source"),
            # For the search.
            models.Index(fields=["reference"], opclasses=["varchar_pattern_ops"], name="unmatchedpayment_reference"),
            models.Index(OpClass(Right(DIGITS_OF_PHONE, 9), name="text_pattern_ops"), name="unmatchedpayment_phone"),
            GinIndex(SearchVector("payer", "text", config="simple"), name="unmatchedpayment_words"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}"

    @property
    def state(self) -> str:
        if self.closed_at is None:
            return "open"
        return "refused" if self.refusal else "resolved"
