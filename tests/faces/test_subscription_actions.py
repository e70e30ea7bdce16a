from datetime import date, timedelta

import pytest
from django.utils import timezone

from billing.models import AccessEvent, Bill, Block, Plan, Subscription
from billing.services import access
from tests.builders import access_of, make_plan, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url


def act(client, subscription, action, **values):
    return client.post(url(subscription, action), values, follow=True)


def choose(client, action, *subscriptions):
    values = {"action": action, "_selected_action": [subscription.pk for subscription in subscriptions]}
    return client.post(list_url(Subscription), values, follow=True)


@pytest.mark.parametrize("reason", ["manual", "abuse"])
def test_staff_disable_for_a_reason_and_the_event_names_them(admin_client, admin_user, reason):
    subscription = make_subscription()
    response = act(admin_client, subscription, "disable", reason=reason, note="Until Monday")
    event, block = AccessEvent.objects.get(), Block.objects.get()
    assert not access_of(subscription).is_on
    assert (event.actor, event.reason, block.note) == (admin_user, reason, "Until Monday")
    assert "is disabled" in shown_messages(response)


def test_disabling_twice_tells_so_and_makes_one_event(admin_client):
    subscription = make_subscription()
    act(admin_client, subscription, "disable", reason="manual")
    assert "already" in shown_messages(act(admin_client, subscription, "disable", reason="manual"))
    assert AccessEvent.objects.count() == 1


@pytest.mark.parametrize("reason", ["unpaid", "hold", "pending", "ended", "quota"])
def test_staff_cannot_disable_for_what_comes_by_itself(admin_client, reason):
    subscription = make_subscription()
    response = act(admin_client, subscription, "disable", reason=reason)
    assert "reason" in response.context["form"].errors
    assert access_of(subscription).is_on


def test_restore_takes_back_what_staff_set(admin_client, admin_user):
    subscription = make_subscription()
    access.disable(subscription=subscription, now=timezone.now(), by=admin_user, reason="abuse")
    page = admin_client.get(url(subscription, "restore"))
    assert [value for value, _ in page.context["form"]["reason"].field.widget.choices] == ["abuse"]
    response = act(admin_client, subscription, "restore", reason="abuse")
    assert access_of(subscription).is_on
    assert "is online" in shown_messages(response)


def test_restore_of_an_unpaid_subscription_tells_which_bill_keeps_it_off(admin_client, disabled):
    bill = Bill.objects.get()
    message = shown_messages(admin_client.get(url(disabled, "restore"), follow=True))
    assert "ann-home stays off" in message
    assert f"Bill {bill} of " in message
    assert "is unpaid since " in message
    assert "$20.00 left to pay" in message
    assert "A payment restores the access" in message
    assert not access_of(disabled).is_on


def test_restore_of_a_block_that_hides_an_unpaid_bill_tells_that_it_stays_off(admin_client, admin_user, disabled):
    access.disable(subscription=disabled, now=timezone.now(), by=admin_user, reason="abuse")
    message = shown_messages(act(admin_client, disabled, "restore", reason="abuse"))
    assert "stays off" in message
    assert "is unpaid since " in message


def test_restore_is_not_offered_for_what_is_online(admin_client):
    page = text_of(admin_client.get(url(make_subscription())))
    assert "Issue bill" in page
    assert "Restore" not in page


def test_selected_subscriptions_are_disabled_and_restored_from_the_list(admin_client, disabled):
    healthy, other = make_subscription(), make_subscription()
    response = choose(admin_client, "disable_selected", healthy, other)
    assert shown_messages(response) in (f"Disabled: {healthy}, {other}.", f"Disabled: {other}, {healthy}.")
    assert not access_of(healthy).is_on
    assert not access_of(other).is_on
    assert "All were disabled already" in shown_messages(choose(admin_client, "disable_selected", healthy))
    response = choose(admin_client, "restore_selected", healthy, other, disabled)
    assert access_of(healthy).is_on
    assert access_of(other).is_on
    assert not access_of(disabled).is_on
    assert "ann-home stays off. Bill" in shown_messages(response)


def test_the_proposal_shows_the_last_day_and_issuing_it_twice_gives_one_bill(admin_client):
    subscription = make_subscription(starts_on=date(2026, 1, 31))
    page = admin_client.get(url(subscription, "issue_bill"))
    facts = dict(page.context["facts"])
    assert facts["Period"].startswith("Jan. 31, 2026 to Feb. 27, 2026")
    assert facts["Amount"] == "$20.00"
    start = page.context["form"]["start"].value()
    for _ in range(2):
        response = act(admin_client, subscription, "issue_bill", start=start)
        assert response.redirect_chain[-1][0] == url(Bill.objects.get())
        assert "is issued: $20.00" in shown_messages(response)


def test_the_proposed_due_date_is_the_one_that_the_bill_gets(admin_client):
    subscription = make_subscription(plan=make_plan(due_days=None))
    facts = dict(admin_client.get(url(subscription, "issue_bill")).context["facts"])
    act(admin_client, subscription, "issue_bill", start=subscription.starts_on)
    due_on = Bill.objects.get().due_on
    assert due_on == timezone.localdate() + timedelta(days=14)
    assert str(due_on.day) in facts["Due"]


def test_arrears_are_not_billed_before_the_period_is_over(admin_client):
    plan = make_plan(mode=Plan.Mode.POSTPAID)
    subscription = make_subscription(plan=plan, starts_on=timezone.localdate())
    response = act(admin_client, subscription, "issue_bill", start=subscription.starts_on)
    assert "billed in arrears" in text_of(response)
    assert not Bill.objects.exists()


def test_an_ended_subscription_has_nothing_left_to_bill(admin_client):
    subscription = make_subscription(starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 11))
    act(admin_client, subscription, "issue_bill", start=subscription.starts_on)
    response = admin_client.get(url(subscription, "issue_bill"), follow=True)
    assert "no period left to bill" in shown_messages(response)


@pytest.mark.parametrize("start", ["", "abc", "2025-12-31", "2026-01-02", "9999-12-31"])
def test_a_wrong_start_of_the_period_issues_nothing(admin_client, start):
    response = act(admin_client, make_subscription(), "issue_bill", start=start)
    assert response.status_code == 200
    assert not Bill.objects.exists()


def test_a_new_subscription_starts_with_access(admin_client):
    subscription = make_subscription()
    values = {
        "customer": subscription.customer_id,
        "plan": subscription.plan_id,
        "login": "second-line",
        "starts_on": "2026-03-01",
    }
    response = admin_client.post("/admin/billing/subscription/add/", values, follow=True)
    added = Subscription.objects.get(login="second-line")
    assert response.redirect_chain[-1][0] == url(added)
    assert access_of(added).is_on


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ends_on": "2026-03-01"}, "end"),
        ({"login": "taken"}, "already exists"),
        ({"starts_on": "2020-01-01"}, "Choose a later start"),
        ({"starts_on": "31.31.2026"}, "valid date"),
        ({"customer": "999999"}, "valid choice"),
    ],
)
def test_a_wrong_subscription_is_explained_and_not_opened(admin_client, changes, says):
    subscription = make_subscription(login="taken", plan=make_plan(available_from=date(2025, 1, 1)))
    values = {
        "customer": subscription.customer_id,
        "plan": subscription.plan_id,
        "login": "second-line",
        "starts_on": "2026-03-01",
    }
    response = admin_client.post("/admin/billing/subscription/add/", {**values, **changes})
    assert response.status_code == 200
    assert says in text_of(response)
    assert Subscription.objects.count() == 1


def test_the_page_of_a_subscription_explains_its_access_and_lists_its_history(admin_client, disabled):
    page = text_of(admin_client.get(url(disabled)))
    assert "off: unpaid" in page
    assert "is unpaid since" in page
    assert "Access history" in page
    assert "expiry check" in page
