from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.models.fields import MoneyField


class CashShift(models.Model):
    """A cashier's time at the drawer, from the float to the count.

    PostgreSQL gives each payment that somebody takes at the counter to their open shift, computes ``expected`` when the
    shift is closed, and refuses every change afterwards but the hand-over.
    """

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    opened_on = models.DateField()
    opening_float = MoneyField(default=Decimal(0), verbose_name="float")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    expected = MoneyField(null=True, help_text="What the drawer should hold at the close.")
    counted = MoneyField(null=True, help_text="What it held.")
    pieces = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="How many notes and coins were counted, by their value."
    )
    difference_reason = models.CharField(max_length=200, blank=True)
    handed_over_at = models.DateTimeField(null=True)
    handed_over_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("run_cashshift", "Can run a cash shift of their own"),
            ("sign_cashshift", "Can take over the cash of others, and close their shifts"),
            ("view_every_cashshift", "Can see the cash shifts of others"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["staff"], condition=Q(closed_at=None), name="cashshift_one_open"),
            models.CheckConstraint(condition=Q(opening_float__gte=0), name="cashshift_float_not_negative"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, expected=None, counted=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False, expected__isnull=False, counted__gte=0),
                name="cashshift_closed_with_a_count",
            ),
            models.CheckConstraint(
                condition=Q(counted=None) | Q(counted=F("expected")) | ~Q(difference_reason=""),
                name="cashshift_difference_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(handed_over_at=None, handed_over_to=None)
                | Q(handed_over_at__isnull=False, closed_at__isnull=False) & ~Q(handed_over_to=F("staff")),
                name="cashshift_signed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return _("shift {pk}").format(pk=self.pk)


class CashMovement(models.Model):
    """Cash that came into the drawer or left it and is no payment of a customer. Never changed."""

    class Kind(models.TextChoices):
        PAY_IN = "pay-in", "pay-in"
        PAY_OUT = "pay-out", "pay-out"
        DEPOSIT = "deposit", "deposit to the bank or safe"

    shift = models.ForeignKey(CashShift, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=7, choices=Kind)
    amount = MoneyField()
    reason = models.CharField(max_length=200)
    moved_at = models.DateTimeField()
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    request_key = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="cashmovement_amount_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="cashmovement_has_a_reason"),
        ]

    def __str__(self) -> str:
        return _("{kind} of {shift}").format(kind=self.get_kind_display(), shift=self.shift)
