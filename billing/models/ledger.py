from decimal import Decimal

from django.db import models
from django.db.models import Q

from billing.models.bills import Bill
from billing.models.credit_notes import CreditNote
from billing.models.customers import Customer
from billing.models.fields import MoneyField
from billing.models.payments import Payment, Reversal


class LedgerEntry(models.Model):
    """One movement of a customer's account: positive is owed, negative is paid or credited.

    Written by PostgreSQL alone, in the statement that writes the document; appended, never
    changed, never removed (rules M5, M11).
    """

    class Kind(models.TextChoices):
        BILL = "bill"
        VOID = "void", "bill voided"
        PAYMENT = "payment"
        CREDIT_NOTE = "credit note", "credit note"
        REVERSAL = "reversal", "payment or credit taken back"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="ledger", db_index=False)
    booked_on = models.DateField()
    booked_at = models.DateTimeField()
    kind = models.CharField(max_length=11, choices=Kind)
    amount = MoneyField()
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, related_name="ledger", db_index=False)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="ledger_entry")
    credit_note = models.OneToOneField(CreditNote, on_delete=models.PROTECT, null=True, related_name="ledger_entry")
    reversal = models.OneToOneField(Reversal, on_delete=models.PROTECT, null=True, related_name="ledger_entry")

    class Meta:
        ordering = ["booked_on", "id"]
        verbose_name_plural = "ledger"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["bill", "void"],
                    bill__isnull=False,
                    payment__isnull=True,
                    credit_note__isnull=True,
                    reversal__isnull=True,
                )
                | Q(
                    kind="payment",
                    bill__isnull=True,
                    payment__isnull=False,
                    credit_note__isnull=True,
                    reversal__isnull=True,
                )
                | Q(
                    kind="credit note",
                    bill__isnull=True,
                    payment__isnull=True,
                    credit_note__isnull=False,
                    reversal__isnull=True,
                )
                | Q(
                    kind="reversal",
                    bill__isnull=True,
                    payment__isnull=True,
                    credit_note__isnull=True,
                    reversal__isnull=False,
                ),
                name="ledgerentry_has_one_document",
            ),
            models.UniqueConstraint(fields=["bill", "kind"], name="ledgerentry_once_per_bill"),
        ]
        indexes = [
            models.Index(fields=["customer", "booked_on", "id"], name="ledgerentry_account"),
            models.Index(fields=["booked_on", "id"], name="ledgerentry_by_date"),
            models.Index(
                fields=["kind", "id"],
                name="ledgerentry_of_rare_kind",
                # Not kind__in: PostgreSQL prints its array in another way once the index was made anew.
                condition=Q(kind="void") | Q(kind="credit note") | Q(kind="reversal"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.get_kind_display()}"


class Account(models.Model):
    """A customer's balance: the sum of the ledger, kept by PostgreSQL beside it (rule M5).

    Positive is owed, negative is the customer's credit.
    """

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="account")
    balance = MoneyField(default=Decimal(0))

    def __str__(self) -> str:
        return str(self.balance)
