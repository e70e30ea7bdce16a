from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Lower, Right

from billing.rules.languages import LANGUAGES


class Area(models.Model):
    """A part of the network that staff think in: a town, a tower, a zone."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


DIGITS_OF_PHONE = models.Func(
    models.F("phone"),
    models.Value(r"\D"),
    models.Value(""),
    models.Value("g"),
    function="regexp_replace",
    output_field=models.TextField(),
)


class Customer(models.Model):
    """Who owes: one account, one balance. Archived when gone, never deleted (rule M12).

    ``language`` is that of bills and other papers; empty stands for the installation's.
    ``request_key`` makes a repeated request to add the customer harmless.
    """

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=30, blank=True, db_index=True)
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=250, blank=True)
    tax_id = models.CharField(max_length=40, blank=True, verbose_name="tax number")
    national_id = models.CharField(max_length=40, blank=True, default="", db_default="", verbose_name="national id")
    language = models.CharField(
        max_length=10,
        blank=True,
        choices=LANGUAGES,
        default="",
        db_default="",
        help_text="Of bills, receipts and statements. Empty: the installation's.",
    )
    bill_per_subscription = models.BooleanField(
        default=False, help_text="Each subscription gets a bill of its own instead of one bill for all that are due."
    )
    due_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days to pay after the issue date. Empty: as the plan says."
    )
    grace_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days online after the due date. Empty: as the plan says."
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, null=True, blank=True, related_name="customers", db_index=False
    )
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)
    request_key = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["code"]
        indexes = [
            models.Index(fields=["name", "id"], name="customer_in_order_of_name"),
            models.Index(fields=["area", "code"], name="customer_of_area"),
            # For the search; the plain columns have theirs by being unique.
            models.Index(OpClass(Lower("name"), name="text_pattern_ops"), name="customer_by_name"),
            models.Index(OpClass(DIGITS_OF_PHONE, name="text_pattern_ops"), name="customer_by_digits_of_phone"),
            models.Index(Right(DIGITS_OF_PHONE, 9), name="customer_by_end_of_phone"),  # whose a payment is by phone
            models.Index(
                fields=["national_id"],
                opclasses=["varchar_pattern_ops"],
                condition=~models.Q(national_id=""),
                name="customer_by_national_id",
            ),
            GinIndex(SearchVector("name", config="simple"), name="customer_by_words_of_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(code=""), name="customer_has_a_code"),
            models.CheckConstraint(condition=~models.Q(name=""), name="customer_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
