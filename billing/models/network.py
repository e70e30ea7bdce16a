"""What the network should do, and how far it has got (rules N1 to N5)."""

from django.db import models
from django.db.models import Q

from billing.models.catalog import Plan
from billing.models.routers import Router
from billing.models.subscriptions import Subscription


class NetworkPolicy(models.Model):
    """The settings that PostgreSQL needs to answer routers; one row, kept in step with the environment.

    Sessions that began before ``interim_since`` are reported every ``former_interim_seconds``, until they end.
    """

    unpaid_access = models.CharField(max_length=6, choices=Plan.UnpaidAccess, default=Plan.UnpaidAccess.OFF)
    garden_kbps = models.PositiveIntegerField()
    garden_pool = models.CharField(max_length=64, blank=True)
    garden_address_list = models.CharField(max_length=64, blank=True)
    interim_seconds = models.PositiveIntegerField()
    former_interim_seconds = models.PositiveIntegerField(default=0, db_default=0)
    interim_since = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="networkpolicy_one_row")]

    def __str__(self) -> str:
        return f"unpaid: {self.unpaid_access}"


class NetworkIntent(models.Model):
    """That the network is to be brought in line for a subscription: one row each, and the newest wish wins.

    Done when ``applied_version`` is ``wanted_version``, which is that of its ``AccessState``. Triggers write it in
    the transaction that decides; ``cuts`` since ``cuts_since`` is the guard against endless disconnects.
    """

    # PostgreSQL writes it from rows of AccessState, which have the subscription already.
    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="network_intent", db_constraint=False
    )
    wanted_version = models.BigIntegerField()
    applied_version = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40)
    requested_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=80, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    cuts = models.PositiveIntegerField(default=0)
    cuts_since = models.DateTimeField(null=True)
    held = models.CharField(max_length=200, blank=True, help_text="Why nothing more is sent until staff look.")

    class Meta:
        default_permissions = ()
        permissions = [("apply_again", "Can bring a subscription to the routers once more")]
        indexes = [
            models.Index(fields=["subscription"], name="networkintent_held", condition=~Q(held="")),
            models.Index(fields=["applied_at"], name="networkintent_applied"),
        ]

    def __str__(self) -> str:
        return f"wanted {self.wanted_version}, applied {self.applied_version}"


class DataUse(models.Model):
    """How much of its plan's quota a subscription has used in its period."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="data_use"
    )
    period_start = models.DateField()
    period_end = models.DateField(help_text="First day after it.")
    used_bytes = models.BigIntegerField(default=0)
    is_over = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(used_bytes__gte=0), name="datause_not_negative"),
        ]
        indexes = [models.Index(fields=["period_end"], name="datause_by_end")]

    def __str__(self) -> str:
        return f"{self.used_bytes} bytes since {self.period_start}"


class NetworkFinding(models.Model):
    """Something in the network that differs from what billing wants; staff see it until it is resolved."""

    class Kind(models.TextChoices):
        UNKNOWN_LOGIN = "unknown-login", "unknown login"
        LOCAL_ENTRY = "local-entry", "entry on the router that bypasses RADIUS"
        WRONG_STATE = "wrong-state", "on or off against what is wanted"
        WRONG_SPEED = "wrong-speed", "other speed or address than wanted"
        WRONG_COUNTER = "wrong-counter", "counter that cannot be"
        HELD = "held", "too many disconnects"
        DENIED = "denied", "session that its router denies"
        NO_UPDATES = "no-updates", "router without interim updates"
        NOT_COUNTED = "not-counted", "use that cannot be counted"

    router = models.ForeignKey(Router, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    kind = models.CharField(max_length=16, choices=Kind)
    login = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["router", "kind", "login"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="networkfinding_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.login}"
