"""Two-step sign-in: a code of an authenticator app, or one of the recovery codes, after the password."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import django_otp
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from billing.models import RecoveryCode, Role
from billing.rules.roles import OWNER

CODES = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without what looks alike: 80 bits in 16 letters
LETTERS, GROUP = 16, 4
SALT = "billing.recovery-code"


def is_required(user: Any) -> bool:
    """Whether a role of ``user`` must sign in by two steps; a superuser counts as an owner."""
    if not settings.TWO_STEP_ROLES:
        return False
    if user.is_superuser and OWNER in settings.TWO_STEP_ROLES:
        return True
    return Role.objects.filter(group__user=user, key__in=settings.TWO_STEP_ROLES).exists()


def device_of(user: Any) -> TOTPDevice | None:
    """The app that ``user`` has set up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def device_to_set_up(user: Any) -> TOTPDevice:
    """The app whose first code is still to come."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def set_up(user: Any, code: str) -> list[str] | None:
    """Take the new app into use by its first ``code``; the recovery codes, or None when the code is wrong."""
    with transaction.atomic():
        device = django_otp.verify_token(user, device_to_set_up(user).persistent_id, _plain(code))
        if device is None:
            return None
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return new_recovery_codes(user)


def verified(user: Any, code: str, *, now: datetime) -> TOTPDevice | None:
    """The user's app when ``code`` is its code or an unused recovery code; neither is good a second time."""
    device, plain = device_of(user), _plain(code)
    if device is None:
        return None
    if len(plain) == LETTERS:
        unused = RecoveryCode.objects.filter(user=user, digest=_digest(plain), used_at=None)
        return device if unused.update(used_at=now) else None
    found: TOTPDevice | None = django_otp.verify_token(user, device.persistent_id, plain)
    return found


def new_recovery_codes(user: Any) -> list[str]:
    """Codes to write down; only their digests are stored, and the earlier ones are void."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return ["-".join(code[start : start + GROUP] for start in range(0, LETTERS, GROUP)) for code in codes]


def recovery_codes_left(user: Any) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def turn_off(user: Any) -> None:
    """Forget the app and the recovery codes: the next sign-in needs the password only, or a new set-up."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").lower()


def _digest(plain: str) -> str:
    return salted_hmac(SALT, plain, algorithm="sha256").hexdigest()
