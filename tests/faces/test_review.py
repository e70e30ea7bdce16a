"""What the billing run set aside: listed with the reason, tried again by those who may (rule B7)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import Bill, BillingState, Plan
from billing.services import billing_run
from tests.builders import make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of


@pytest.fixture
def set_aside():
    """A subscription whose first period ends after the year 9999, set aside by the run; another one is billed."""
    today = timezone.now().date()
    subscription = make_subscription(login="endless", starts_on=today)
    make_subscription(login="well-behaved", starts_on=today)
    Plan.objects.filter(pk=subscription.plan_id).update(interval_count=30_000, interval_unit="year")
    billing_run.generate(now=timezone.now(), limit=500)
    assert list(BillingState.objects.exclude(review="").values_list("pk", flat=True)) == [subscription.pk]
    return subscription


def put_right(subscription):
    Plan.objects.filter(pk=subscription.plan_id).update(interval_count=1, interval_unit="month")


def try_again(client, *subscriptions):
    values = {"action": "try_again", "_selected_action": [subscription.pk for subscription in subscriptions]}
    return client.post(list_url(BillingState), values, follow=True)


def test_the_list_names_subscription_customer_reason_and_since_when(admin_client, set_aside):
    page = text_of(admin_client.get(list_url(BillingState)))
    state = BillingState.objects.get(pk=set_aside.pk)
    assert "Needs review" in page
    for text in ("endless", set_aside.customer.code, state.review):
        assert text in page
    assert "well-behaved" not in page


def test_b7_trying_again_bills_what_was_put_right(admin_client, set_aside, admin_user):
    put_right(set_aside)
    response = try_again(admin_client, set_aside)
    assert "1 bill issued, $20.00 in all." in shown_messages(response)
    assert Bill.objects.get(lines__subscription=set_aside).issued_by == admin_user
    assert "endless" not in text_of(admin_client.get(list_url(BillingState)))


def test_b7_trying_again_tells_what_is_still_wrong(admin_client, set_aside):
    assert "endless still cannot be billed." in shown_messages(try_again(admin_client, set_aside))
    assert BillingState.objects.exclude(review="").count() == 1


def test_b7_trying_again_when_nothing_is_due_says_so(admin_client, set_aside):
    later = timezone.now().date() + timedelta(days=5)
    BillingState.objects.filter(pk=set_aside.pk).update(bill_on=later)
    assert "Nothing of them is due" in shown_messages(try_again(admin_client, set_aside))


def test_trying_again_needs_its_permission(staff, set_aside):
    try_again(staff("view_billingstate"), set_aside)
    assert BillingState.objects.exclude(review="").count() == 1
    put_right(set_aside)
    try_again(staff("view_billingstate", "change_billingstate"), set_aside)
    assert not BillingState.objects.exclude(review="").exists()


def test_the_first_page_leads_there_while_anything_waits(staff, set_aside):
    client = staff("view_billingstate")
    [card] = client.get("/admin/").context["sections"][0].cards
    assert (card.title, card.figure, card.link) == ("Not billed", "1", list_url(BillingState))
    BillingState.objects.update(review="")
    assert client.get("/admin/").context["sections"] == []
