from django.db import models


class NumberSeries(models.Model):
    """A gapless series of document numbers, one row a series (rule M10).

    The row is locked when a number is taken and released at commit, so a rolled-back
    document gives its number back. PostgreSQL refuses to turn a series back.
    """

    key = models.CharField(max_length=20, primary_key=True)
    prefix = models.CharField(max_length=10, blank=True)
    digits = models.PositiveSmallIntegerField(default=6)
    last_value = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return self.key

    def formatted(self, value: int) -> str:
        """The number as it is printed, such as ``B000042``."""
        return f"{self.prefix}{value:0{self.digits}d}"
