"""Holds that staff set by hand, before holds had days, become blocks that “Restore” takes back."""

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import Block
from billing.services import access, blocks, holds, locks
from tests.builders import make_subscription
from tests.diary import is_online, reasons

pytestmark = pytest.mark.django_db

OLD_HOLDS = import_module("billing.migrations.0014_staff_permissions").OLD_HOLDS


def held_by_hand():
    subscription = make_subscription()
    blocks.open_block(locks.access_state(subscription.pk), Block.Reason.HOLD, rule="E6", now=timezone.now())
    return subscription


def migrate():
    with connection.cursor() as cursor:
        cursor.execute(OLD_HOLDS)


def test_an_old_hold_is_taken_back_as_manual():
    subscription = held_by_hand()
    migrate()
    assert reasons(subscription) == ["manual"]
    access.restore(subscription=subscription, now=timezone.now())
    assert is_online(subscription)


def test_beside_a_manual_block_an_old_hold_is_closed():
    subscription = held_by_hand()
    access.disable(subscription=subscription, now=timezone.now())
    migrate()
    assert reasons(subscription) == ["manual"]


def test_a_hold_with_days_stays():
    subscription = make_subscription(starts_on=timezone.localdate())
    holds.hold(subscription=subscription, starts_on=timezone.localdate(), now=timezone.now())
    migrate()
    assert reasons(subscription) == ["hold"]
