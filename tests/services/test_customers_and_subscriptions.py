"""Register customers and open subscriptions; wrong input is refused with what to do."""

from datetime import date
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from billing.models import Customer, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import customers
from tests.builders import at, make_customer, make_overdue_subscription, make_plan, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


def test_customers_get_the_next_code():
    assert [make_customer().code for _ in range(2)] == ["C000001", "C000002"]


def test_a_code_of_the_series_that_was_given_by_hand_is_skipped():
    make_customer(code="C000001")
    assert make_customer().code == "C000002"


def test_a_refused_customer_uses_up_no_code():
    with pytest.raises(Refused, match="needs a name"):
        make_customer(name="  ")
    assert make_customer().code == "C000001"


def test_a_code_is_used_once():
    make_customer(code="OFFICE")
    with pytest.raises(Refused, match="OFFICE is taken"):
        make_customer(code="OFFICE")


@pytest.mark.parametrize(("code", "next_code"), [("", "C000002"), ("OFFICE", "C000001")])
def test_the_same_request_to_add_a_customer_gives_the_first_one_and_uses_up_no_code(code, next_code):
    key = uuid4()
    assert make_customer(code=code, request_key=key) == make_customer(code=code, request_key=key)
    assert make_customer().code == next_code


@pytest.mark.parametrize("changes", [{"name": "Other"}, {"phone": "1"}, {"code": "OTHER"}])
def test_a_repeated_key_with_another_body_is_refused(changes):
    key = uuid4()
    make_customer(request_key=key)
    with pytest.raises(Refused, match="already used for customer C000001"):
        make_customer(request_key=key, **changes)
    assert Customer.objects.count() == 1


def test_a_code_that_does_not_exist_is_said():
    with pytest.raises(Refused, match="no customer with the code C999999"):
        customers.by_code("C999999")


@pytest.mark.parametrize("login", ["alpha", "ALPHA"])
def test_a_login_is_used_once_in_small_letters_or_capitals(login):
    """Routers do not tell them apart: one more would keep both off the network."""
    make_subscription(login="alpha")
    with pytest.raises(Refused, match="login alpha is taken"):
        make_subscription(login=login)
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"login": " "}, "needs a login"),
        ({"ends_on": date(2026, 1, 1)}, "must come after the start"),
        ({"ends_on": date(2025, 1, 1)}, "must come after the start"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(changes, message):
    with pytest.raises(Refused, match=message):
        make_subscription(starts_on=date(2026, 1, 1), **changes)
    assert not Subscription.objects.exists()


def test_a_plan_is_sold_between_its_dates_only():
    plan = make_plan(available_from=date(2026, 2, 1), available_until=date(2026, 2, 28))
    for day, message in ((date(2026, 1, 31), "sold from Feb. 1, 2026"), (date(2026, 3, 1), "sold until Feb. 28, 2026")):
        with pytest.raises(Refused, match=message):
            make_subscription(plan=plan, starts_on=day)
    assert make_subscription(plan=plan, starts_on=date(2026, 2, 28))


def test_an_archived_customer_gets_no_new_subscription():
    customer = make_customer()
    Customer.objects.filter(pk=customer.pk).update(archived_at=at("2026-01-01"))
    with pytest.raises(Refused, match="archived"):
        make_subscription(customer=customer)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"available_from": date(2026, 2, 1), "available_until": date(2026, 1, 1)}, "is before"),
        ({"price": -1}, "0 or more"),
        ({"interval_count": 0}, "at least 1"),
        ({"billing_day": 32}, "Billing day"),
        ({"billing_day": 1, "interval_unit": "week"}, "Billing day"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes, message):
    plan = Plan(code="x", name="X", **{"price": 1, **changes})
    with pytest.raises(ValidationError, match=message):
        plan.full_clean()


def test_m12_a_customer_with_documents_is_never_deleted():
    customer = make_overdue_subscription().customer
    with pytest.raises(ProtectedError):
        customer.delete()
