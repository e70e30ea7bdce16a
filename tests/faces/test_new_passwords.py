"""Passwords for many subscriptions: only for who has none, given once as a file, and noted without them (rule N3)."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Area, AuditEntry, NetworkAccount, StaffArea, Subscription
from billing.services.network import accounts, new_passwords
from tests.builders import make_customer, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of
from tests.faces.desk import errors_of
from tests.services.network.situations import PASSWORD, answer_to, asked, make_online_subscription, make_router

CONFIRMED = {"confirmed": "1"}


def choose(client, *rows, **values):
    chosen = {"action": "generate_passwords", "_selected_action": [row.pk for row in rows]}
    return client.post(list_url(Subscription), {**chosen, **values}, follow=True)


def lines_of(answer):
    assert answer["Content-Type"].startswith("text/csv")
    assert "no-store" in answer["Cache-Control"]
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def passwords():
    return {one.subscription.login: accounts.password_of(one.subscription) for one in NetworkAccount.objects.all()}


def noted():
    return list(AuditEntry.objects.filter(kind="action").order_by("pk").values_list("object_name", "said"))


def test_who_has_none_gets_one_in_a_file_and_who_has_one_keeps_it(admin_client):
    ann, bob, old = (
        make_subscription(login="Ann"),
        make_subscription(login="bob"),
        make_online_subscription(login="old"),
    )
    page = choose(admin_client, ann, bob, old)
    assert dict(page.context["facts"]) == {
        "Get a password": "2",
        "Others": "Have one already and keep it: 1.",
    }
    assert not NetworkAccount.objects.exclude(pk=old.pk).exists()
    hidden = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    answer = admin_client.post(list_url(Subscription), {**hidden, **CONFIRMED})
    found = passwords()
    assert lines_of(answer) == [["Login", "Password"], ["ann", found["Ann"]], ["bob", found["bob"]]]
    assert answer["Content-Disposition"].startswith('attachment; filename="network-passwords-')
    assert found["old"] == PASSWORD
    assert found["Ann"] != found["bob"]
    assert noted() == [(str(one), "New password: generated, and seen in clear.") for one in (ann, bob)]
    shown = text_of(admin_client.get("/admin/"))
    assert "Passwords made and downloaded: 2. Have one already and keep it: 1." in shown
    assert not [secret for secret in found.values() if secret in shown + str(list(AuditEntry.objects.values()))]
    assert answer_to("ann")["Cleartext-Password"] == found["Ann"]


def test_sent_again_it_makes_and_shows_nothing(admin_client):
    ann = make_subscription()
    choose(admin_client, ann, **CONFIRMED)
    before = passwords()
    assert "There is no password to make" in shown_messages(choose(admin_client, ann, **CONFIRMED))
    assert passwords() == before
    assert len(noted()) == 1


def test_logins_that_routers_do_not_take_are_named_and_left_out(admin_client):
    ann, odd, twin, other = (make_subscription(login=login) for login in ("ann", "two words", "twin", "x"))
    Subscription.objects.filter(pk=other.pk).update(login="TWIN")  # as from before there was a check
    page = choose(admin_client, ann, odd, twin)
    assert "Routers do not take these logins: two words, twin." in dict(page.context["facts"])["Others"]
    assert [line[0] for line in lines_of(choose(admin_client, ann, odd, twin, **CONFIRMED))] == ["Login", "ann"]
    assert set(passwords()) == {"ann"}


def test_a_login_that_a_spreadsheet_would_run_is_made_harmless(admin_client):
    ann = make_subscription(login="-ann")
    assert lines_of(choose(admin_client, ann, **CONFIRMED))[1][0] == "'-ann"


def test_all_of_the_list_can_be_chosen_up_to_a_limit(admin_client, monkeypatch):
    rows = [make_subscription() for _ in range(3)]
    everything = {"select_across": "1"}
    page = choose(admin_client, rows[0], **everything)
    assert page.context["form"]["select_across"].value() == "1"
    monkeypatch.setattr("billing.admin.new_passwords.MOST", 2)
    assert "Choose at most 2 subscriptions" in shown_messages(choose(admin_client, rows[0], **everything))
    monkeypatch.undo()
    assert len(lines_of(choose(admin_client, rows[0], **everything, **CONFIRMED))) == 4


def test_it_needs_the_permission_to_give_passwords_and_sees_ones_own_areas_only(staff, admin_client, admin_user):
    north = Area.objects.create(name="North")
    ann, bob = make_subscription(customer=make_customer(area=north)), make_subscription()
    for client in (staff("view_subscription", "change_subscription"), staff("view_subscription")):
        choose(client, ann, **CONFIRMED)
        assert not NetworkAccount.objects.exists()
    StaffArea.objects.create(user=admin_user, area=north)
    choose(admin_client, ann, bob, **CONFIRMED)
    assert NetworkAccount.objects.get().subscription == ann
    choose(staff("view_subscription", "set_credentials"), bob, **CONFIRMED)
    assert NetworkAccount.objects.count() == 2


def test_without_a_key_nothing_is_made_and_the_page_says_why(admin_client, settings):
    settings.NETWORK_KEY = ""
    assert "NETWORK_KEY" in errors_of(choose(admin_client, make_subscription(), **CONFIRMED))
    assert not NetworkAccount.objects.exists()


def test_the_routers_hear_of_all_at_once(admin_client):
    make_router()
    rows = [make_subscription() for _ in range(3)]
    choose(admin_client, *rows, **CONFIRMED)
    assert asked("SELECT count(*) AS n FROM billing_networkintent WHERE attempts = 0") == [{"n": 3}]


@pytest.mark.django_db
def test_many_need_no_more_queries_than_few(settings):
    settings.NETWORK_KEY = "k" * 40

    def asked_for(count):
        rows = [make_subscription() for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert len(new_passwords.generate(rows)) == count
        return len(queries)

    assert asked_for(2) == asked_for(20)
