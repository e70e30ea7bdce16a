from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.bills import Bill
from billing.models.cash import CashShift
from billing.models.credit_notes import CreditNote
from billing.models.customers import Customer
from billing.models.fields import MoneyField


class Payment(models.Model):
    """Money in. Its amount never changes; what is not allocated is the customer's credit.

    Both parties are frozen copies, so that a receipt that is printed again is the same (rule M11).
    ``request_key`` and (``gateway``, ``transaction_id``) make a repeated request harmless
    (rule M9). ``allocated`` and ``returned`` are kept by PostgreSQL.
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
    returned = MoneyField(default=Decimal(0), help_text="What was reversed, refunded or charged back.")
    method = models.CharField(max_length=6, choices=Method, default=Method.CASH)
    received_at = models.DateTimeField(db_index=True)
    received_on = models.DateField()
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    shift = models.ForeignKey(
        CashShift,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="payments",
        db_index=False,
        help_text="The open shift of who took it, given by PostgreSQL.",
    )
    gateway = models.CharField(max_length=40, blank=True)
    transaction_id = models.CharField(max_length=100, null=True, blank=True)
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    note = models.CharField(max_length=200, blank=True)
    customer_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    customer_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    seller_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    seller_address = models.CharField(max_length=250, blank=True, default="", db_default="")
    seller_tax_id = models.CharField(max_length=40, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("reverse_payment", "Can reverse a payment"),
            ("refund_payment", "Can pay money back"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, returned__gte=0, amount__gte=F("allocated") + F("returned")),
                name="payment_not_overspent",
            ),
            models.CheckConstraint(
                condition=Q(transaction_id__isnull=True) | ~Q(transaction_id=""),
                name="payment_transaction_id_not_blank",
            ),
            models.UniqueConstraint(fields=["gateway", "transaction_id"], name="payment_transaction_once"),
        ]
        indexes = [
            models.Index(
                fields=["customer"],
                name="payment_with_credit",
                condition=Q(amount__gt=F("allocated") + F("returned")),
            ),
            models.Index(fields=["method", "id"], name="payment_by_method"),
            models.Index(fields=["shift"], name="payment_of_shift", condition=Q(shift__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def credit(self) -> Decimal:
        """What is left of it to pay the next bill."""
        credit: Decimal = self.amount - self.allocated - self.returned
        return credit


ONE_SOURCE = Q(payment__isnull=False, credit_note__isnull=True) | Q(payment__isnull=True, credit_note__isnull=False)


class Allocation(models.Model):
    """The part of one payment or credit note that pays one bill.

    Appended, never changed (rules M7, M8): a negative amount takes an earlier part back.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations")
    credit_note = models.ForeignKey(
        CreditNote, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations"
    )
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField()
    allocated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="allocation_amount_not_zero"),
            models.CheckConstraint(condition=ONE_SOURCE, name="allocation_has_one_source"),
        ]

    def __str__(self) -> str:
        return f"{self.payment or self.credit_note} → {self.bill}"


class Reversal(models.Model):
    """What takes a payment or a credit note back, wholly or in part (rule M8).

    A negative amount undoes an earlier one: a chargeback that was won.
    """

    class Kind(models.TextChoices):
        MISTAKE = "mistake", "entered by mistake"
        REFUND = "refund"
        BOUNCED = "bounced", "bounced or failed"
        CHARGEBACK = "chargeback"
        WON = "won", "chargeback won"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="reversals")
    credit_note = models.ForeignKey(
        CreditNote, on_delete=models.PROTECT, null=True, blank=True, related_name="reversals"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="reversals")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = MoneyField()
    method = models.CharField(max_length=6, choices=Payment.Method, blank=True, help_text="How a refund was paid out.")
    reason = models.CharField(max_length=200)
    shift = models.ForeignKey(
        CashShift,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="reversals",
        db_index=False,
        help_text="The shift whose sums it changes, given by PostgreSQL.",
    )
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    request_key = models.UUIDField(unique=True, null=True, editable=False)
    reversed_at = models.DateTimeField()
    reversed_on = models.DateField()
    reversed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        permissions = [("win_chargeback", "Can record that a chargeback is won")]
        indexes = [
            models.Index(fields=["kind", "id"], name="reversal_by_kind"),
            models.Index(fields=["method", "id"], name="reversal_by_method"),
            models.Index(fields=["reversed_on", "id"], name="reversal_by_date"),
            models.Index(fields=["shift"], name="reversal_of_shift", condition=Q(shift__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=ONE_SOURCE, name="reversal_has_one_source"),
            models.CheckConstraint(condition=~Q(reason=""), name="reversal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, undoes__isnull=True) & ~Q(kind="won")
                | Q(amount__lt=0, undoes__isnull=False, kind="won"),
                name="reversal_undoes_another_when_negative",
            ),
        ]

    def __str__(self) -> str:
        return _("{kind} of {payment}").format(kind=self.get_kind_display(), payment=self.payment or self.credit_note)
