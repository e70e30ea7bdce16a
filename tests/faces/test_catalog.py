from decimal import Decimal

import pytest

from billing.models import Area, Plan, PriceBefore
from tests.builders import make_customer, make_plan, make_subscription
from tests.faces.conftest import shown_messages, text_of, url

ADD = "/admin/billing/plan/add/"
VALUES = {
    "name": "Home",
    "code": "home",
    "price": "25.00",
    "mode": "prepaid",
    "interval_count": "1",
    "interval_unit": "month",
}


def test_a_plan_is_added(admin_client):
    assert admin_client.post(ADD, VALUES).status_code == 302
    assert Plan.objects.get().price == 25


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"available_from": "2026-03-01", "available_until": "2026-02-01"}, "is before “available from”"),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"price": "9.999"}, "9.999 has too many decimals: USD has 2"),
        ({"price": "cheap"}, "Enter a number"),
        ({"interval_count": "0"}, "Interval: at least 1"),
        ({"billing_day": "32"}, "for plans by the month or year"),
        ({"billing_day": "5", "interval_unit": "week"}, "for plans by the month or year"),
        ({"mode": "later"}, "valid choice"),
    ],
)
def test_a_wrong_plan_is_explained_and_not_added(admin_client, changes, says):
    response = admin_client.post(ADD, {**VALUES, **changes})
    assert response.status_code == 200
    assert says in text_of(response)
    assert not Plan.objects.exists()


def test_a_plan_in_use_cannot_be_deleted_and_says_what_to_do_instead(admin_client):
    plan = make_subscription().plan
    for send in (admin_client.get, admin_client.post):
        response = send(url(plan, "delete"), {"post": "yes"}, follow=True)
        assert "has subscriptions and cannot be deleted. Set “available until”" in shown_messages(response)
    assert Plan.objects.exists()


def test_an_unused_plan_can_be_deleted(admin_client):
    admin_client.post(url(make_plan(), "delete"), {"post": "yes"})
    assert not Plan.objects.exists()


def test_the_rhythm_of_a_plan_in_use_stays_but_its_price_can_change(admin_client):
    plan = make_subscription().plan
    admin_client.post(url(plan), {**VALUES, "price": "30", "interval_unit": "year"})
    plan.refresh_from_db()
    assert (plan.price, plan.interval_unit) == (Decimal(30), Plan.IntervalUnit.MONTH)
    assert PriceBefore.objects.get().price == 20


def test_an_area_in_use_cannot_be_deleted(admin_client):
    area = Area.objects.create(name="Harbour")
    make_customer(area=area)
    response = admin_client.post(url(area, "delete"), {"post": "yes"}, follow=True)
    assert "Harbour has customers and cannot be deleted" in shown_messages(response)
    assert Area.objects.exists()
