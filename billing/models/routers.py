"""Routers, and what lets a subscription sign in at one."""

from django.db import models
from django.db.models import Q

from billing.models.customers import Area
from billing.models.subscriptions import Subscription

SEALED = "Sealed with NETWORK_KEY (billing.services.network.sealing)."


class Router(models.Model):
    """A box at which subscribers sign in, and which is told to end their sessions (rules N1 to N6).

    ``address`` is where its packets come from and where Disconnect and CoA go. One that has sessions or
    accounts is set inactive instead of being deleted.
    """

    class Kind(models.TextChoices):
        RADIUS = "radius", "RADIUS with Disconnect and CoA"
        ROUTEROS = "routeros", "RouterOS 7 REST"
        DRY_RUN = "dry-run", "dry run: nothing is sent"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.RADIUS)
    address = models.GenericIPAddressField(unique=True, help_text="Where its packets come from and Disconnect goes.")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="routers")
    is_active = models.BooleanField(default=True, help_text="Not active: unknown to RADIUS, and nothing is sent to it.")
    secret_sealed = models.BinaryField(null=True, help_text=f"RADIUS secret. {SEALED}")
    coa_port = models.PositiveIntegerField(default=3799, verbose_name="port of Disconnect and CoA")
    supports_coa = models.BooleanField(default=False, help_text="Speeds of running sessions are changed by CoA.")
    echoes_class = models.BooleanField(default=True, help_text="Sends the attribute Class back in accounting.")
    requires_message_authenticator = models.BooleanField(
        default=True, help_text="Requests without Message-Authenticator are dropped."
    )
    window = models.PositiveSmallIntegerField(default=32, help_text="Requests under way at once, 1 to 128.")
    rest_url = models.URLField(blank=True, help_text="RouterOS: such as https://192.0.2.1/rest.")
    rest_user = models.CharField(max_length=64, blank=True)
    rest_password_sealed = models.BinaryField(null=True, help_text=SEALED)
    certificate_sha256 = models.CharField(
        max_length=64, blank=True, help_text="RouterOS: fingerprint of its certificate, 64 hexadecimal digits."
    )

    class Meta:
        ordering = ["name"]
        permissions = [
            ("see_network_secrets", "Can see secrets of routers and passwords of subscriptions"),
            ("test_router", "Can test the connection to a router"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(coa_port__range=(1, 65535)),
                name="router_port_is_a_port",
                violation_error_message="Port: 1 to 65535.",
            ),
            models.CheckConstraint(
                condition=Q(window__range=(1, 128)),
                name="router_window_in_range",
                violation_error_message="Window: 1 to 128.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="radius") | Q(secret_sealed__isnull=False),
                name="router_by_radius_has_a_secret",
                violation_error_message="A router that is told by RADIUS needs a secret.",
            ),
            models.CheckConstraint(
                condition=Q(rest_url="") | Q(rest_url__startswith="https://"),
                name="router_rest_is_https",
                violation_error_message="The address of REST must begin with https://.",
            ),
            models.CheckConstraint(
                condition=Q(certificate_sha256="") | Q(certificate_sha256__regex=r"^[0-9a-f]{64}$"),
                name="router_certificate_is_a_fingerprint",
                violation_error_message="The fingerprint of the certificate: 64 digits of 0-9 and a-f.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="routeros")
                | ~Q(rest_url="") & ~Q(rest_user="") & ~Q(certificate_sha256="") & ~Q(rest_password_sealed=None),
                name="router_by_rest_can_be_reached",
                violation_error_message="RouterOS REST needs an address, a user, a password and a fingerprint.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RouterState(models.Model):
    """How a router answers: written with every contact, apart from what staff set up."""

    router = models.OneToOneField(Router, on_delete=models.CASCADE, primary_key=True, related_name="state")
    last_contact_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    down_until = models.DateTimeField(null=True, help_text="Nothing is sent to it before.")
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"failing since {self.failing_since}" if self.failing_since else "well"


class NetworkAccount(models.Model):
    """The credentials of a subscription; its login is ``Subscription.login``, compared in lower case."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="network_account"
    )
    password_sealed = models.BinaryField(help_text=SEALED)
    fixed_address = models.GenericIPAddressField(null=True, blank=True, unique=True)
    router = models.ForeignKey(
        Router,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        help_text="RouterOS without RADIUS: the router that has its secret.",
    )

    class Meta:
        default_permissions = ()
        permissions = [("set_credentials", "Can give subscriptions new passwords, fixed addresses and routers")]

    def __str__(self) -> str:
        return str(self.fixed_address or "dynamic address")
