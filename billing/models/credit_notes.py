from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from billing.models.bills import Bill, BillLine
from billing.models.documents import Document, DocumentLine, TaxAmount
from billing.models.fields import DaysOf, MoneyField


class CreditNote(Document):
    """The document that takes back a bill or a part of it, or gives credit (rules M6, M11).

    Like a payment it pays bills; what is not allocated is the customer's credit.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction"
        UNUSED = "unused", "unused days"
        GOODWILL = "goodwill"
        WRITE_OFF = "write-off", "write-off"

    number = models.CharField(max_length=30, unique=True)
    sequence = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes")
    reason = models.CharField(max_length=200)
    returned = MoneyField(default=Decimal(0), help_text="What was paid out of it, or taken back.")
    request_key = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("give_credit", "Can give credit and take it back")]
        constraints = [
            models.CheckConstraint(condition=Q(total__gt=0), name="creditnote_total_positive"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="creditnote_total_is_net_and_tax"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, returned__gte=0, total__gte=F("allocated") + F("returned")),
                name="creditnote_not_overspent",
            ),
            models.CheckConstraint(
                condition=Q(kind="goodwill", bill__isnull=True) | Q(~Q(kind="goodwill"), bill__isnull=False),
                name="creditnote_corrects_a_bill",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer"],
                name="creditnote_with_credit",
                condition=Q(total__gt=F("allocated") + F("returned")),
            ),
            models.Index(fields=["issued_on", "id"], name="creditnote_by_issue_date"),
            models.Index(fields=["kind", "id"], name="creditnote_by_kind"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def credit(self) -> Decimal:
        """What is left of it to pay the next bill."""
        credit: Decimal = self.total - self.allocated - self.returned
        return credit


class CreditNoteLine(DocumentLine):
    """One line of a credit note: a bill's line, or some of its days, taken back."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    bill_line = models.ForeignKey(BillLine, on_delete=models.PROTECT, null=True, blank=True, related_name="credits")
    days = DateRangeField(null=True, blank=True, help_text="The unused days, half-open.")
    frees_days = models.BooleanField(
        default=False, help_text="The days can be billed again: the subscription changed or ended from their first."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="creditnoteline_amount_positive"),
            models.CheckConstraint(
                condition=Q(days__isnull=True, frees_days=False)
                | Q(days__isnull=False, days__isempty=False, bill_line__isnull=False),
                name="creditnoteline_days_of_a_line",
            ),
            ExclusionConstraint(
                name="creditnoteline_day_credited_once",
                index_type="GIST",
                expressions=[(DaysOf("bill_line_id", "days"), RangeOperators.OVERLAPS)],
                condition=Q(days__isnull=False),
            ),
        ]


class CreditNoteTax(TaxAmount):
    """The tax of one rate on a credit note."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="taxes")

    class Meta:
        verbose_name_plural = "credit note taxes"
        constraints = [
            models.UniqueConstraint(
                fields=["credit_note", "name", "percent", "inclusive"], name="creditnotetax_once_per_rate"
            ),
        ]
