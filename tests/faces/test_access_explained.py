"""The subscription's page explains its access, now and at another instant, and shows when a cut may happen."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import AccessState, BillLine, Holiday, Subscription
from billing.services import access, deferrals, sweep
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.faces.conftest import list_url, text_of, url

NOON = at("2026-05-05T12:00")


@pytest.fixture
def owing(today):
    """Due on May 4, so that the unpaid bill cuts from May 5, midnight."""
    today("2026-05-04")
    subscription = make_subscription(plan=make_plan(bills_while_unpaid=True), starts_on=at("2026-04-20").date())
    issue_next(subscription, now=at("2026-04-20"))
    return subscription


def explained(client, subscription, **query):
    return client.get(url(subscription), query).context["panels"][0]


def explained_now(client, subscription):
    return explained(client, subscription).sentences


def steps(panel):
    return [(row[0], "next" if "next" in str(row[1]) else str(row[1])) for row in panel.rows]


def test_e12_the_page_says_in_sentences_why_it_is_on_and_what_comes_next(admin_client, owing):
    panel = explained(admin_client, owing)
    assert "has access on May 4, 2026, noon" in panel.title
    assert "It has access: its unpaid bills do not cut it yet." in panel.sentences
    assert ("May 5, 2026, midnight", "next") in steps(panel)
    assert ("April 20, 2026, midnight", "was") in steps(panel)


def test_e12_the_unpaid_bills_are_listed_for_those_who_may_see_bills(admin_client, staff, owing):
    def titles(client):
        return [panel.title for panel in client.get(url(owing)).context["panels"]]

    assert titles(admin_client)[1] == "Unpaid bills"
    assert "Unpaid bills" not in titles(staff("view_subscription"))


def test_e12_the_run_and_the_bill_that_cut_it_are_named_once(admin_client, owing, today):
    sweep.disable_due(now=NOON, limit=10)
    today("2026-05-06")
    panel = explained(admin_client, owing)
    assert "has no access" in panel.title
    assert len([one for one in panel.sentences if "because bill B000001" in one]) == 1
    assert "by run" in panel.sentences[0]
    assert text_of(admin_client.get(url(owing))).count("A payment restores the access") == 1


def test_e12_another_instant_is_asked_for_in_the_address(admin_client, owing):
    panel = explained(admin_client, owing, at="2026-05-05T12:00")
    assert "has no access on May 5, 2026, noon" in panel.title
    assert any("The first expiry check from May 5, 2026, midnight" in one for one in panel.sentences)
    assert panel.form["at"].value() == "2026-05-05T12:00"


def test_t1_the_instant_is_one_of_the_installations_zone(admin_client, owing, settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    panel = explained(admin_client, owing, at="2026-05-04T20:00")
    assert "on May 4, 2026, 8 p.m." in panel.title


@pytest.mark.parametrize(
    ("instant", "says"),
    [
        ("2020-01-01T00:00", "was opened on"),
        ("noon", "Write it like 2026-03-31T18:00."),
        ("9999-12-31T23:59", "Choose a time within 10 years."),
        ("0001-01-01T00:00", "Choose a time within 10 years."),
        ("", "required"),
    ],
)
def test_an_instant_that_cannot_be_asked_for_is_explained(admin_client, owing, instant, says):
    response = admin_client.get(url(owing), {"at": instant})
    assert response.status_code == 200
    assert says in text_of(response)


def test_e11_a_promise_stands_among_the_sentences(admin_client, owing):
    deferrals.promise(customer=owing.customer, until=at("2026-05-10").date(), why="Salary", now=at("2026-05-04"))
    assert any(
        "Promise: not cut until May 10, 2026, because: Salary" in one for one in explained_now(admin_client, owing)
    )


def test_e10_every_page_shows_the_cut_off_at_which_the_cut_may_happen(admin_client, owing, settings):
    settings.CUT_OFF_TIME = "09:30"
    Holiday.objects.create(day="2026-05-05", name="Feast")
    pages = [
        list_url(Subscription),
        url(owing),
        list_url(AccessState),
        url(AccessState.objects.get()),
        url(owing.customer),
        url(BillLine.objects.get()),
    ]
    for page in pages:
        shown = text_of(admin_client.get(page))
        assert "May 6, 2026, 9:30 a.m." in shown, page
        assert "May 5, 2026, midnight" not in shown, page


def test_e11_never_is_shown_for_who_is_never_cut(admin_client, owing):
    deferrals.exclude(customer=owing.customer, until=None, why="School", now=at("2026-05-04"))
    for page in (list_url(Subscription), url(owing), list_url(AccessState), url(owing.customer)):
        shown = text_of(admin_client.get(page))
        assert "never" in shown, page
        assert "9000" not in shown, page


@pytest.mark.parametrize("model", [Subscription, AccessState])
def test_e10_a_list_asks_for_the_calendar_once(admin_client, owing, model):
    for days in range(3):
        other = make_subscription(starts_on=at("2026-04-20").date())
        issue_next(other, now=at("2026-04-20") + timedelta(days=days))
    with CaptureQueriesContext(connection) as queries:
        admin_client.get(list_url(model))
    assert len([query for query in queries if "billing_holiday" in query["sql"]]) == 1


def test_e6_a_block_that_staff_set_is_told_with_its_way_back(admin_client, owing):
    access.disable(subscription=owing, now=at("2026-05-04T10:00"), note="moved away")
    assert any("moved away" in one and "“Restore”" in one for one in explained_now(admin_client, owing))
