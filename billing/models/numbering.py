from datetime import date

from django.db import models

from billing.rules.numbering import printed


class NumberSeries(models.Model):
    """A gapless series of document numbers, one row a series (rule M10).

    The row is locked when a number is taken and released at commit, so a rolled-back
    document gives its number back. PostgreSQL refuses to turn a series back.
    """

    key = models.CharField(max_length=20, primary_key=True)
    prefix = models.CharField(max_length=20, blank=True, help_text="{year} and {month} stand for the date of issue.")
    digits = models.PositiveSmallIntegerField(default=6)
    last_value = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return self.key

    def formatted(self, value: int, issued_on: date) -> str:
        """The number as it is printed, such as ``B000042``; see ``billing.rules.numbering``."""
        return printed(value, prefix=self.prefix, digits=self.digits, issued_on=issued_on)
