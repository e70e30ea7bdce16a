from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext as _

from billing.models.customers import Area


class Role(models.Model):
    """One of our roles, kept by the group that staff are in; the group may be renamed, changed or deleted."""

    key = models.CharField(max_length=20, primary_key=True)
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="role")
    granted = ArrayField(
        models.CharField(max_length=150),
        default=list,
        help_text="Permissions that were given to the group once; they are not given a second time.",
    )

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class RecoveryCode(models.Model):
    """A code that lets its owner in once without the authenticator app; the code itself is not stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recoverycode_once")]

    def __str__(self) -> str:
        return _("recovery code of {user}").format(user=self.user)


class StaffSession(AbstractBaseSession):
    """A session, whose it is and from where it began; see ``billing.services.staff_sessions``."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    began_at = models.DateTimeField(null=True)
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "session"
        verbose_name_plural = "sessions"
        default_permissions = ()


class StaffArea(models.Model):
    """An area whose customers a member of staff sees; who has none sees all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_areas")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="staff")

    class Meta:
        verbose_name = "area"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "area"], name="staffarea_once", violation_error_message="This area is there already."
            ),
        ]

    def __str__(self) -> str:
        return str(self.area)
