import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.builders import at, make_overdue_subscription, make_plan


@pytest.fixture(autouse=True)
def _database(db):
    """Every page asks the database."""


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What the banner remembers for some seconds would be of another test."""
    cache.clear()


@pytest.fixture(autouse=True)
def _network_key(settings):
    settings.NETWORK_KEY = "k" * 40


@pytest.fixture
def staff():
    """A signed-in member of staff with just the permissions named, such as ``view_customer``."""

    def sign_in(*permissions):
        user = User.objects.create_user(f"staff-{User.objects.count()}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def disabled():
    """A subscription that the sweep has cut: 20.00 are ten days overdue."""
    from billing.services import sweep

    subscription = make_overdue_subscription(login="ann-home", plan=make_plan(bills_while_unpaid=True))
    sweep.disable_due(now=timezone.now(), limit=10)
    return subscription


@pytest.fixture
def today(monkeypatch):
    """Sets the clock of the pages: ``today("2026-05-05")`` is noon of that day, in UTC."""

    def set_to(day):
        monkeypatch.setattr(timezone, "now", lambda: at(f"{day}T12:00"))

    return set_to


def url(row, action="change"):
    """The address of a row's page or action."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}"
    return reverse(name, args=[row.pk])


def list_url(model, query=""):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + query


def text_of(response):
    return response.content.decode()


def shown_messages(response):
    return " ".join(str(message) for message in response.context["messages"])
