"""Passwords and fixed addresses that subscriptions bring along: set, told by row, and nowhere in clear (rule N3)."""

import csv
import io

import pytest
from django.apps import apps
from django.db import connection

from billing.models import ImportedRow, NetworkAccount, Subscription
from billing.rules.errors import Refused
from billing.services.imports import files, passwords
from billing.services.network import accounts, sealing
from tests.builders import make_customer, make_plan, make_subscription
from tests.importing import NOW, bring_in, brought, checked, imported, messages, outcomes, preview
from tests.services.network.situations import make_online_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right", "ann")]

HEAD = "Login,Customer code,Plan,Network password,Fixed address\n"
SECRET = "hunter2-of-the-modem"


@pytest.fixture(autouse=True)
def key(settings):
    settings.NETWORK_KEY = "k" * 40


@pytest.fixture
def ann():
    make_plan(code="home-10", name="Home 10")
    return make_customer(code="A1", name="Ann")


def rows(*texts):
    return HEAD + "".join(f"{text}\n" for text in texts)


def places_of(secret):
    """The tables that have a text in clear, the audit among them."""
    with connection.cursor() as cursor:
        tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}' FROM {table} row WHERE strpos(row::text, %(secret)s) > 0" for table in tables
            ),
            {"secret": secret},
        )
        return cursor.fetchall()


def account(login):
    return NetworkAccount.objects.select_related("subscription").get(subscription__login=login)


def test_a_subscription_comes_with_the_password_and_address_that_its_modem_has():
    file = bring_in("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},198.51.100.7", "ann-shop,A1,home-10,,"))
    assert outcomes(file) == ["new", "new"]
    assert "network password; fixed address 198.51.100.7" in messages(file)[0]
    found = account("ann-home")
    assert (accounts.password_of(found.subscription), found.fixed_address) == (SECRET, "198.51.100.7")
    assert NetworkAccount.objects.count() == 1


def test_a_password_is_nowhere_in_clear_at_any_step(caplog):
    file = brought("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},", f"bob,A9,home-10,{SECRET},"))[0]
    assert places_of(SECRET) == []
    assert places_of("ann-home") != []
    file = checked(file)
    assert SECRET not in str([list(files.errors(file)), messages(file)]) + caplog.text
    file = imported(file)
    assert outcomes(file) == ["new", "refused"]
    assert places_of(SECRET) == []
    assert SECRET not in caplog.text


@pytest.mark.parametrize("end", ["imported", "cancelled"])
def test_of_an_import_that_ended_no_password_is_kept_even_sealed(end):
    file = preview("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},", "bob,A9,home-10,,"))
    assert passwords.opened(ImportedRow.objects.earliest("position").cells[3]) == SECRET
    imported(file) if end == "imported" else files.cancel(file, now=NOW)
    assert list(ImportedRow.objects.order_by("position").values_list("cells__3", flat=True)) == [passwords.MARK, ""]


def test_the_same_file_again_changes_nothing_and_an_empty_cell_neither():
    text = rows(f"ann-home,A1,home-10,{SECRET},198.51.100.7")
    bring_in("subscriptions", text)
    before = account("ann-home").password_sealed
    assert outcomes(preview("subscriptions", text)) == ["same"]
    assert outcomes(preview("subscriptions", rows("ann-home,A1,home-10,,"))) == ["same"]
    assert bytes(account("ann-home").password_sealed) == bytes(before)


def test_what_a_file_says_of_a_subscription_that_is_there_is_changed_and_nothing_else():
    bring_in("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},198.51.100.7"))
    file = bring_in("subscriptions", rows("ann-home,A1,home-10,another,"))
    assert (outcomes(file), messages(file)) == (["changed"], ["network password"])
    found = account("ann-home")
    assert (accounts.password_of(found.subscription), found.fixed_address) == ("another", "198.51.100.7")
    file = bring_in("subscriptions", rows("ann-home,A1,home-10,,2001:DB8::7"))
    assert messages(file) == ["fixed address 2001:db8::7"]
    assert accounts.password_of(account("ann-home").subscription) == "another"


def test_a_password_that_cannot_be_opened_any_more_is_replaced(settings):
    bring_in("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},"))
    settings.NETWORK_KEY = "l" * 40
    assert outcomes(bring_in("subscriptions", rows(f"ann-home,A1,home-10,{SECRET},"))) == ["changed"]
    assert accounts.password_of(account("ann-home").subscription) == SECRET


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x,A1,home-10,pässword,", "The password cannot be used at routers"),
        (f"x,A1,home-10,{'p' * 65},", "The password cannot be used at routers"),
        (f"x,A1,home-10,{'ü' * 3000},", "The password cannot be used at routers"),
        (f"x,A1,home-10,{passwords.MASK},", "Write the password there"),
        ("Two words,A1,home-10,good,", "The login “Two words” cannot be used at routers"),
        ("x,A1,home-10,good,10.0.0", "“10.0.0” is no IP address"),
        ("x,A1,home-10,good,fe80::1%eth0", "no address that a subscriber can have"),
        ("x,A1,home-10,good,127.0.0.1", "no address that a subscriber can have"),
        ("x,A1,home-10,good,198.51.100.9", "is the address of bob already"),
        ("x,A1,home-10,,198.51.100.7", "A fixed address needs a network password"),
    ],
)
def test_what_cannot_be_is_refused_by_row_and_nothing_is_opened(row, says):
    make_online_subscription(login="bob", fixed_address="198.51.100.9")
    file = preview("subscriptions", rows(row, "good,A1,home-10,good,"))
    assert outcomes(file) == ["refused", "new"]
    assert says in messages(file)[0]
    imported(file)
    assert set(Subscription.objects.values_list("login", flat=True)) == {"bob", "good"}


def test_an_address_that_stands_twice_in_a_file_is_told_by_row():
    file = preview(
        "subscriptions",
        rows(
            "a,A1,home-10,p,2001:db8::7", "b,A1,home-10,p,127.0.0.1", "c,A1,home-10,p,2001:DB8:0::7", "d,A1,home-10,p,"
        ),
    )
    assert outcomes(file) == ["new", "refused", "refused", "new"]
    assert messages(file)[2] == "Row 1 of the file has the same fixed address. Correct one of the two."


def test_an_address_that_was_taken_since_the_check_is_told():
    file = preview("subscriptions", rows("a,A1,home-10,p,198.51.100.9"))
    make_online_subscription(login="bob", fixed_address="198.51.100.9")
    assert "is the address of bob already" in messages(imported(file))[0]


def test_without_a_key_each_row_with_a_password_says_so_and_none_is_kept(settings):
    settings.NETWORK_KEY = ""
    file = preview("subscriptions", rows(f"a,A1,home-10,{SECRET},", "b,A1,home-10,,"))
    assert outcomes(file) == ["refused", "new"]
    assert "There was no NETWORK_KEY" in messages(file)[0]
    assert places_of(SECRET) == []


def test_rows_with_errors_come_back_with_a_mask_that_is_not_taken_for_a_password():
    file = preview("subscriptions", rows(f"bob,A9,home-10,{SECRET},"))
    row = next(iter(files.errors(file)))
    assert row[3] == passwords.MASK
    make_customer(code="A9")
    again = io.StringIO()
    csv.writer(again).writerows([file.head, row[: len(file.head)]])
    assert "Write the password there" in messages(preview("subscriptions", again.getvalue()))[0]


def test_a_password_is_taken_from_a_sealed_column_only_and_nothing_else_from_that():
    text = "Login,Customer code,Plan,Word,PPPoE login password\nann-home,A1,home-10,open,sealed\n"
    file = brought("subscriptions", text)[0]
    assert (file.mapping["login"], file.mapping["password"]) == (0, 4)
    for wrong in ({"password": 3}, {"fixed_address": 4}):
        with pytest.raises(Refused, match="cannot stand in the column"):
            files.check(file, mapping={**file.mapping, **wrong}, options={})


def test_a_given_password_is_checked_where_it_is_set():
    subscription = make_subscription()
    for wrong in ("", " x", "x ", "a\tb", "☂"):
        with pytest.raises(Refused, match="cannot be used at routers"):
            accounts.set_password(subscription, wrong)
    for right in ("x", "p" * 64, "with space", "quotes'\"`\\%{x}|;="):
        accounts.set_password(subscription, right)
        assert sealing.unseal(accounts.of(subscription).password_sealed) == right
