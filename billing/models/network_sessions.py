"""Sessions as routers report them, and what was used in them; PostgreSQL writes these from accounting packets."""

from django.db import models
from django.db.models import Q

from billing.models.routers import Router
from billing.models.subscriptions import Subscription


class Session(models.Model):
    """What is known of a session; its login and ``policy_class``, under which it runs, are as its router has them."""

    unique_id = models.CharField(max_length=64)
    session_id = models.CharField(max_length=64)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, null=True, related_name="%(class)ss")
    login = models.CharField(max_length=64)
    router = models.ForeignKey(Router, on_delete=models.PROTECT, related_name="%(class)ss")
    nas_address = models.GenericIPAddressField(null=True)
    framed_address = models.GenericIPAddressField(null=True)
    calling_station = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    session_seconds = models.BigIntegerField(default=0)
    download_bytes = models.BigIntegerField(default=0)
    upload_bytes = models.BigIntegerField(default=0)
    policy_class = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.login} since {self.started_at}"


class OnlineSession(Session):
    """A session that is open: one row each."""

    class Meta(Session.Meta):
        ordering = ["-id"]
        permissions = [("disconnect_session", "Can disconnect open sessions")]
        constraints = [models.UniqueConstraint(fields=["unique_id"], name="onlinesession_once")]
        indexes = [models.Index(fields=["framed_address"], name="onlinesession_of_address")]


class SessionRecord(Session):
    """A session that has ended, in partitions by the month of ``stopped_at``; whole months are dropped later.

    ``cause`` is the router's, or begins with "Lost" when it was closed without a stop.
    """

    stopped_at = models.DateTimeField()
    cause = models.CharField(max_length=40, blank=True)

    class Meta(Session.Meta):
        ordering = ["-id"]


class UsageDay(models.Model):
    """Bytes of a subscription on a local day; ``is_uncounted`` while its quota is to be looked at because of them."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, db_index=False, related_name="usage_days")
    day = models.DateField()
    download_bytes = models.BigIntegerField(default=0)
    upload_bytes = models.BigIntegerField(default=0)
    is_uncounted = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["subscription", "day"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["subscription"], name="usageday_uncounted", condition=Q(is_uncounted=True))]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "day"], name="usageday_once"),
            models.CheckConstraint(
                condition=Q(download_bytes__gte=0, upload_bytes__gte=0), name="usageday_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.download_bytes} down, {self.upload_bytes} up"


class LoginAttempt(models.Model):
    """How often a login was accepted and refused, and the last time; unknown logins count under their router.

    ``login`` of those is "?" and the router's address, so that guesses cannot fill the table.
    """

    class Result(models.TextChoices):
        ACCEPTED = "accepted"
        REFUSED = "refused"

    login = models.CharField(max_length=64)
    result = models.CharField(max_length=8, choices=Result)
    count = models.BigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)
    calling_station = models.CharField(max_length=64, blank=True)
    router_address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["login", "result"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["login", "result"], name="loginattempt_once")]

    def __str__(self) -> str:
        return f"{self.login}: {self.count} × {self.result}"
