"""The runs of the expiry check: what a held one waits for, what a run cut and set aside, and how it is undone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from billing.models import AccessState, Promise, SweepRun
from billing.services import access, payments, sweep, sweep_runs
from tests.builders import access_of, make_customer, make_overdue_subscription, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, errors_of, facts, shown

pytestmark = pytest.mark.usefixtures("books_are_right")


def run_sweep():
    return sweep.disable_due(now=timezone.now(), limit=10)


@pytest.fixture
def late():
    """Two subscribers, each with 20.00 overdue and not cut yet."""
    names = ("Ann Lee", "Bob Ray")
    return [
        make_overdue_subscription(customer=make_customer(name=name, phone=f"555-{name[0]}"), login=name[:3].lower())
        for name in names
    ]


@pytest.fixture
def held(late, settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 1
    run_sweep()
    return SweepRun.objects.get(status="held")


@pytest.fixture
def done(late):
    run_sweep()
    return SweepRun.objects.get(disabled=2)


def panels_of(client, run):
    return {panel.title: panel for panel in client.get(url(run)).context["panels"]}


def test_e14_the_first_page_warns_of_a_held_run_and_leads_to_it(staff, held):
    client = staff("view_sweeprun")
    [warning] = client.get("/admin/").context["warnings"]
    assert f'href="{url(held)}"' in warning
    assert "which would disable 2 subscriptions: nobody is cut until staff confirm it" in warning
    assert warning in text_of(client.get("/admin/"))
    assert "circuit breaker" not in text_of(staff("view_customer").get("/admin/"))
    sweep_runs.confirm(run=held, now=timezone.now(), by=None)
    assert client.get("/admin/").context["warnings"] == []


def test_e14_the_page_of_a_held_run_lists_whom_it_would_cut(admin_client, held, late):
    rows = panels_of(admin_client, held)["Held by the circuit breaker"].rows
    assert [(url(one.customer) in row[0], url(one) in row[1]) for one, row in zip(late, rows, strict=True)] == [
        (True, True)
    ] * 2
    assert [row[2] for row in rows] == ["555-A", "555-B"]
    assert all("$20.00" in row[3] for row in rows)


def test_e14_the_whole_list_of_a_held_run_comes_in_pages_and_as_a_file(admin_client, held, late):
    later = make_overdue_subscription(customer=make_customer(name="Cy Poe"))
    panel = panels_of(admin_client, held)["Held by the circuit breaker"]
    found = admin_client.get(panel.more).context
    assert str(held) in found["panels"][0].title
    assert [url(one) in row[3] for one, row in zip(late, found["panels"][0].rows, strict=True)] == [True, True]
    file = "".join(
        part.decode() for part in admin_client.get("/admin/who-will-be-cut/" + found["file"]).streaming_content
    )
    assert all(one.login in file for one in late)
    assert later.login not in file


def test_e14_confirming_shows_the_numbers_and_the_next_check_cuts_who_is_still_due(
    admin_client, admin_user, held, late
):
    payments.receive(customer=late[1].customer, amount=Decimal(20), method="cash", now=timezone.now())
    told = facts(admin_client.get(url(held, "confirm")))
    assert told["Found due"].startswith("2 subscriptions on ")
    assert "100 % of 2 that were on" in told["Found due"]
    assert told["Allowed"] == "10 %, and always 1"
    assert told["Still due of them"] == "1 subscription of 1 customer, who owe $20.00"
    response = act(admin_client, held, "confirm")
    assert "is confirmed" in shown_messages(response)
    held.refresh_from_db()
    assert (held.status, held.decided_by) == ("confirmed", admin_user)
    assert run_sweep().disabled == [late[0].customer.code]
    assert access_of(late[1]).is_on


def test_s1_confirming_and_undoing_stay_in_the_history_of_the_run(admin_client, admin_user, held):
    act(admin_client, held, "confirm")
    run_sweep()
    act(admin_client, held, "undo", why="The bank was down")
    entries = LogEntry.objects.filter(object_id=str(held.pk)).order_by("pk")
    assert [(entry.user, entry.get_change_message()) for entry in entries] == [
        (admin_user, "Confirmed."),
        (admin_user, "Undone for 2 subscriptions."),
    ]


def test_e14_a_run_that_is_not_held_is_not_confirmed(admin_client, done):
    assert "Confirm this run" not in text_of(admin_client.get(url(done)))
    assert "does not hold" in shown_messages(admin_client.get(url(done, "confirm"), follow=True))
    assert "there is nothing to confirm" in errors_of(admin_client.post(url(done, "confirm")))


def test_e14_undoing_brings_all_back_until_the_day_and_tells_how_many(admin_client, admin_user, done, late):
    until = timezone.localdate() + timedelta(days=3)
    assert facts(admin_client.get(url(done, "undo")))["Still off for it"] == "2 subscriptions"
    response = act(admin_client, done, "undo", until=until, why="The bank was down")
    assert "2 subscriptions came back." in shown_messages(response)
    assert all(access_of(one).is_on for one in late)
    assert run_sweep().disabled == []
    promises = Promise.objects.filter(run=done, until=until, why="The bank was down", created_by=admin_user)
    assert promises.count() == 2
    done.refresh_from_db()
    assert (done.status, done.decided_by) == ("undone", admin_user)


def test_e14_undoing_again_changes_nothing_and_says_so(admin_client, done):
    values = {**shown(admin_client, done, "undo"), "why": "The bank was down"}
    admin_client.post(url(done, "undo"), values)
    before = SweepRun.objects.values().get(pk=done.pk)
    again = admin_client.post(url(done, "undo"), values, follow=True)
    assert "Nobody was off any more" in shown_messages(again)
    assert SweepRun.objects.values().get(pk=done.pk) == before
    assert "Undo this run" not in text_of(admin_client.get(url(done)))


@pytest.mark.parametrize(
    ("values", "says"), [({"why": " "}, "Say why"), ({"until": "2020-01-01", "why": "x"}, "Choose today or later")]
)
def test_e14_an_undo_that_may_not_be_is_explained(admin_client, done, late, values, says):
    assert says in errors_of(act(admin_client, done, "undo", **values))
    assert not any(access_of(one).is_on for one in late)


def test_e6_undoing_leaves_a_block_that_staff_set(admin_client, done, late):
    access.disable(subscription=late[0], now=timezone.now())
    act(admin_client, done, "undo", why="The bank was down")
    assert [access_of(one).is_on for one in late] == [False, True]


def test_e15_the_page_of_a_run_lists_its_cuts_with_their_bills(admin_client, done, late):
    rows = panels_of(admin_client, done)["Disabled by this run"].rows
    assert [url(one) in row[0] for one, row in zip(late, rows, strict=True)] == [True, True]
    assert url(late[0].lines.get().bill) in rows[0][5]


def test_what_a_run_set_aside_is_listed_with_the_error(admin_client):
    subscription = make_subscription(login="odd")
    AccessState.objects.filter(pk=subscription.pk).update(cut_off_at=timezone.now() - timedelta(days=1))
    run_sweep()
    run = SweepRun.objects.get(set_aside=1)
    [row] = panels_of(admin_client, run)["Set aside because of an error"].rows
    assert (url(subscription) in row[1], row[2]) == (True, "no unpaid bill explains its cut-off")
    AccessState.objects.update(cut_off_at=None)


def test_the_list_tells_status_numbers_and_seconds(admin_client, done):
    page = text_of(admin_client.get(list_url(SweepRun)))
    for text in ("status", "looked at", "disabled", "skipped", "set aside", "seconds"):
        assert text in page.lower()
    response = admin_client.get(list_url(SweepRun, "?status__exact=done"))
    assert done in response.context["cl"].result_list


def test_the_held_are_seen_by_those_alone_who_may_see_subscriptions(staff, held):
    assert "Ann Lee" not in text_of(staff("view_sweeprun").get(url(held)))
    assert "Ann Lee" in text_of(staff("view_sweeprun", "view_subscription").get(url(held)))
