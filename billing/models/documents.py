"""What bills and credit notes have in common: frozen copies of who and what."""

from decimal import Decimal

from django.conf import settings
from django.db import models

from billing.models.customers import Customer
from billing.models.fields import MoneyField, PercentField


class Document(models.Model):
    """A numbered document of money with frozen copies of both parties (rules M10, M11)."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss")
    currency = models.CharField(max_length=3)
    net = MoneyField(help_text="Without tax.")
    tax = MoneyField(default=Decimal(0))
    total = MoneyField()
    allocated = MoneyField(default=Decimal(0))
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    customer_code = models.CharField(max_length=20)
    customer_name = models.CharField(max_length=120)
    customer_address = models.CharField(max_length=250, blank=True)
    customer_tax_id = models.CharField(max_length=40, blank=True)
    seller_name = models.CharField(max_length=120, blank=True)
    seller_address = models.CharField(max_length=250, blank=True)
    seller_tax_id = models.CharField(max_length=40, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        abstract = True


class DocumentLine(models.Model):
    """One line, with its tax rate as it was (rule M4)."""

    description = models.CharField(max_length=200)
    amount = MoneyField(help_text="With its tax when the rate is inclusive, without it otherwise.")
    tax_name = models.CharField(max_length=40, blank=True)
    tax_percent = PercentField(null=True, blank=True)
    tax_inclusive = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.description


class TaxAmount(models.Model):
    """The tax of one rate on a document, computed on the sum of its lines (rule M4)."""

    name = models.CharField(max_length=40)
    percent = PercentField()
    inclusive = models.BooleanField()
    base = MoneyField(help_text="What the tax is computed on, without the tax.")
    tax = MoneyField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name
