"""Promises to pay and exclusions from cuts at the desk (rule E11)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import Exclusion, Promise
from billing.services import deferrals, sweep
from tests.builders import access_of, make_customer
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, errors_of, facts, shown, what_will_happen

pytestmark = pytest.mark.usefixtures("books_are_right")


@pytest.fixture
def customer(disabled):
    return disabled.customer


def in_days(count):
    return timezone.localdate() + timedelta(days=count)


def run_sweep():
    return sweep.disable_due(now=timezone.now(), limit=10).disabled


def panel_of(client, customer, title="Promises and exclusions"):
    shown = client.get(url(customer)).context
    [panel] = [panel for panel in [*shown["today"], *shown["panels"]] if panel.title == title]
    return panel


def test_e11_a_promise_brings_the_customer_back_and_the_message_says_until_when(admin_client, admin_user, disabled):
    assert shown(admin_client, disabled.customer, "promise_to_pay")["until"] == in_days(7)
    response = act(admin_client, disabled.customer, "promise_to_pay", why="Salary comes on Friday")
    promise = Promise.objects.get()
    assert (promise.until, promise.why, promise.created_by) == (in_days(7), "Salary comes on Friday", admin_user)
    assert access_of(disabled).is_on
    assert "is noted. ann-home is online again." in shown_messages(response)
    assert run_sweep() == []


def test_e11_the_same_form_sent_twice_notes_one_promise(admin_client, customer):
    values = {**shown(admin_client, customer, "promise_to_pay"), "why": "Salary"}
    for _ in range(2):
        admin_client.post(url(customer, "promise_to_pay"), values)
    assert Promise.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "why", "says"),
    [
        (-1, "Salary", "over already. Choose today or later"),
        (15, "Salary", "may run for 14 days"),
        (7, " ", "Say why"),
    ],
)
def test_e11_a_promise_that_may_not_be_is_explained(admin_client, customer, days, why, says):
    response = act(admin_client, customer, "promise_to_pay", until=in_days(days), why=why)
    assert says in errors_of(response)
    assert not Promise.objects.exists()


def test_e11_the_form_tells_how_many_promises_there_were(admin_client, customer, settings):
    settings.PROMISES_PER_YEAR = 1
    act(admin_client, customer, "promise_to_pay", until=in_days(1), why="Salary")
    page = admin_client.get(url(customer, "promise_to_pay"))
    assert facts(page)["Promises within a year"] == "1 of 1"
    assert "Salary" in facts(page)["Promise"]
    assert "1 are allowed" in errors_of(act(admin_client, customer, "promise_to_pay", why="Again"))


def test_e11_a_promise_is_not_offered_to_who_owes_nothing(admin_client):
    customer = make_customer()
    assert "Promise to pay" not in text_of(admin_client.get(url(customer)))
    assert "Exclude from cuts" in text_of(admin_client.get(url(customer)))


def test_e11_taking_a_promise_back_foretells_the_cut_and_the_next_check_does_it(admin_client, admin_user, disabled):
    promise = deferrals.promise(customer=disabled.customer, until=in_days(3), why="Salary", now=timezone.now())
    page = admin_client.get(url(promise, "take_back"))
    assert "ann-home has an overdue bill now: the next expiry check disables it." in what_will_happen(page)
    act(admin_client, promise, "take_back")
    promise.refresh_from_db()
    assert promise.ended_by == admin_user
    assert run_sweep() == [disabled.customer.code]
    assert "It was taken back on" in shown_messages(admin_client.get(url(promise, "take_back"), follow=True))


def test_e11_e10_taking_back_on_a_day_without_cuts_tells_when_the_cut_comes(admin_client, disabled, settings):
    today = timezone.localdate()
    promise = deferrals.promise(customer=disabled.customer, until=in_days(3), why="Salary", now=timezone.now())
    settings.WEEKDAYS_WITHOUT_CUTS = [today.strftime("%a").lower()]
    tomorrow = in_days(1).strftime("%-d")
    said = what_will_happen(admin_client.get(url(promise, "take_back")))
    assert "ann-home stays online until" in said
    assert f"{tomorrow}, {in_days(1).year}, midnight" in said


def test_e11_an_exclusion_without_a_day_cuts_never_and_the_pages_say_so(admin_client, disabled):
    response = act(admin_client, disabled.customer, "exclude_from_cuts", why="The school", notices="on")
    exclusion = Exclusion.objects.get()
    assert (exclusion.until, exclusion.notices, exclusion.why) == (None, True, "The school")
    assert "is not cut whatever is unpaid" in shown_messages(response)
    [row] = panel_of(admin_client, disabled.customer, "Subscriptions").rows
    assert row[3] == "never"
    assert run_sweep() == []


def test_e11_an_exclusion_until_a_day_replaces_the_one_before(admin_client, customer):
    act(admin_client, customer, "exclude_from_cuts", why="The school")
    act(admin_client, customer, "exclude_from_cuts", why="Until the summer", until=in_days(30))
    assert [row.until for row in Exclusion.objects.filter(ended_at=None)] == [in_days(30)]


def test_e11_an_exclusion_that_is_over_already_is_refused(admin_client, customer):
    response = act(admin_client, customer, "exclude_from_cuts", why="The school", until=in_days(-1))
    assert "Choose today or later, or leave the date empty" in errors_of(response)


def test_the_customers_page_lists_who_until_when_why_and_what_was_taken_back(admin_client, admin_user, customer):
    assert panel_of(admin_client, customer).rows == []
    now = timezone.now()
    promise = deferrals.promise(customer=customer, until=in_days(3), why="Salary", now=now, by=admin_user)
    exclusion = deferrals.exclude(customer=customer, until=None, why="School", now=now, by=admin_user, notices=True)
    deferrals.take_back(promise, now=now, by=admin_user)
    rows = {str(row[3]): row for row in panel_of(admin_client, customer).rows}
    assert "never cut" in rows["School"]
    assert "running" in rows["School"][2]
    assert rows["School"][4] == "go on"
    assert url(exclusion, "take_back") in rows["School"][8]
    assert "taken back" in rows["Salary"][2]
    assert str(admin_user) in rows["Salary"][7]
    assert rows["Salary"][8] == ""


def test_the_panel_offers_taking_back_to_those_alone_who_may(staff, customer):
    deferrals.promise(customer=customer, until=in_days(3), why="Salary", now=timezone.now())
    seen = ("view_customer", "view_promise")
    assert "Take back" not in text_of(staff(*seen).get(url(customer)))
    assert "Take back" in text_of(staff(*seen, "give_promise").get(url(customer)))
    assert "Salary" not in text_of(staff("view_customer", "view_exclusion").get(url(customer)))


@pytest.mark.parametrize("model", [Promise, Exclusion])
def test_the_lists_are_filtered_by_running_lapsed_and_taken_back(admin_client, model):
    now, day = timezone.now(), timedelta(days=1)
    customers = {state: make_customer() for state in ("running", "lapsed", "taken back")}
    for state, customer in customers.items():
        model.objects.create(
            customer=customer,
            until=now.date(),
            not_before=now - day if state == "lapsed" else now + day,
            why=state,
            created_at=now - 2 * day,
            ended_at=now if state == "taken back" else None,
        )
    for state in customers:
        response = admin_client.get(list_url(model), {"state": state})
        assert [row.why for row in response.context["cl"].result_list] == [state]
    assert admin_client.get(list_url(model), {"state": "nonsense"}).context["cl"].result_count == 3
