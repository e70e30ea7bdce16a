"""Another NETWORK_KEY: all of what is sealed or nothing, and no session ends by it (decision 40)."""

import threading

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.models import AuditEntry, NetworkAccount, NetworkIntent, OnlineSession, Router
from billing.rules.errors import Refused
from billing.services.imports import files
from billing.services.network import accounts, change_of_key, routers, sealing
from tests.builders import make_customer, make_plan
from tests.importing import NOW, preview
from tests.jobs.notes import until
from tests.services.network.situations import (
    PASSWORD,
    SECRET,
    account,
    make_online_subscription,
    make_router,
    policy_of,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "o" * 40, "n" * 40
REST = {
    "kind": "routeros", "rest_url": "https://192.0.2.9/rest", "rest_user": "billing", "certificate_sha256": "ab" * 32,
}  # fmt: skip


@pytest.fixture(autouse=True)
def key(settings):
    settings.NETWORK_KEY = OLD


@pytest.fixture
def new_key(tmp_path):
    file = tmp_path / "new_key"
    file.write_text(f"{NEW}\n")
    return file


def change(file):
    call_command("change_network_key", new_key_file=file)


def everything():
    """All that is sealed, as it is stored."""
    columns = ("password_sealed", NetworkAccount), ("secret_sealed", Router), ("rest_password_sealed", Router)
    return [
        bytes(one)
        for name, model in columns
        for one in model.objects.order_by("pk").values_list(name, flat=True)
        if one
    ]


def test_all_is_sealed_with_the_new_key_and_told(new_key, settings, capsys, monkeypatch):
    monkeypatch.setattr(change_of_key, "AT_ONCE", 2)
    subscriptions = [make_online_subscription() for _ in range(5)]
    router = make_router(**REST, rest_password_sealed=sealing.seal("of-rest"))
    make_router(kind="dry-run", secret_sealed=None)
    change(new_key)
    with pytest.raises(sealing.WrongKey):
        accounts.password_of(subscriptions[0])
    settings.NETWORK_KEY = NEW
    assert [accounts.password_of(one) for one in subscriptions] == [PASSWORD] * 5
    assert list(map(str, routers.secrets_of(Router.objects.get(pk=router.pk)).values())) == [SECRET, "of-rest"]
    told = capsys.readouterr().out
    assert "2 of 7\n4 of 7\n5 of 7\n6 of 7\n7 of 7\n" in told
    assert "5 passwords of subscriptions, 1 secrets and 1 REST passwords of routers" in told
    assert "Start web, scheduler, network and radius anew" in told


def test_the_audit_has_one_line_of_it_and_no_key(new_key):
    for _ in range(3):
        make_online_subscription()
    before = AuditEntry.objects.count()
    change(new_key)
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.latest("pk")
    assert entry.said == "Changed: all that is sealed is sealed with a new key."
    assert NEW not in str(AuditEntry.objects.values()) and OLD not in str(AuditEntry.objects.values())


def test_no_session_hears_of_it_and_later_changes_are_followed_as_ever(new_key, settings):
    router, subscription = make_router(), make_online_subscription()
    account(
        unique_id="u1", login=subscription.login, router=router.address, **{"class": policy_of(subscription)["class"]}
    )
    NetworkIntent.objects.all().delete()
    before = policy_of(subscription)["class"]
    change(new_key)
    assert policy_of(subscription)["class"] == before == OnlineSession.objects.get().policy_class
    assert not NetworkIntent.objects.exists()
    settings.NETWORK_KEY = NEW
    audited = AuditEntry.objects.count()
    accounts.new_password(subscription)
    Router.objects.get().save()
    assert NetworkIntent.objects.exists()
    assert AuditEntry.objects.count() > audited


def test_one_value_of_another_key_keeps_everything_as_it_is_and_is_named(new_key, settings):
    make_online_subscription(login="ann")
    make_online_subscription(login="bob")
    make_router(name="North")
    settings.NETWORK_KEY = "x" * 40
    NetworkAccount.objects.filter(subscription__login="bob").update(password_sealed=sealing.seal("x"))
    make_router(name="South")
    settings.NETWORK_KEY = OLD
    before = everything()
    with pytest.raises(
        CommandError, match=r"2 cannot be opened .*: password of bob, secret of South\. Put the key back"
    ):
        change(new_key)
    assert everything() == before
    assert accounts.password_of(NetworkAccount.objects.get(subscription__login="ann").subscription) == PASSWORD


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"short", "needs 32 to 200 letters"),
        (b"n" * 40 + b"'", "needs 32 to 200 letters"),
        (b"n" * 201, "needs 32 to 200 letters"),
        (b"", "needs 32 to 200 letters"),
        (b"\xff\xfe", "cannot be read"),
        (OLD.encode(), "is the present one"),
    ],
)
def test_a_key_that_cannot_be_is_told_and_changes_nothing(new_key, content, says):
    make_online_subscription()
    before = everything()
    new_key.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        change(new_key)
    assert everything() == before


def test_a_file_that_is_not_there_and_no_present_key_are_told(tmp_path, new_key, settings):
    with pytest.raises(CommandError, match="cannot be read"):
        change(tmp_path / "none")
    settings.NETWORK_KEY = ""
    with pytest.raises(CommandError, match="There is no NETWORK_KEY, so nothing is sealed"):
        change(new_key)


def test_an_import_with_sealed_passwords_is_to_be_finished_first(new_key):
    make_plan(code="home-10")
    make_customer(code="A1")
    file = preview("subscriptions", "Login,Customer code,Plan,Password\nx,A1,home-10,hunter2\n")
    with pytest.raises(CommandError, match="has sealed passwords. Finish or cancel it first"):
        change(new_key)
    files.cancel(file, now=NOW)
    change(new_key)


@pytest.fixture
def somebody_else():
    other = psycopg2.connect(**connection.get_connection_params())
    yield other
    other.close()


def test_who_writes_is_waited_for_and_not_for_ever(new_key, somebody_else, monkeypatch):
    monkeypatch.setattr(change_of_key, "LONGEST_WAIT", 0.3)
    subscription = make_online_subscription()
    before = everything()
    somebody_else.cursor().execute(
        "UPDATE billing_networkaccount SET fixed_address = '198.51.100.7' WHERE subscription_id = %s", [subscription.pk]
    )
    with pytest.raises(Refused, match="Somebody else writes accounts or routers"):
        change_of_key.change(NEW, tell=lambda done, total: None)
    assert everything() == before
    somebody_else.commit()
    change(new_key)


def test_nobody_writes_between_the_reading_and_the_sealing(somebody_else, settings):
    """A password that is given meanwhile waits for the end, and is not lost."""
    subscription, is_written = make_online_subscription(), threading.Event()
    given = sealing.seal("given-meanwhile", key=NEW)

    def write():
        with somebody_else.cursor() as cursor:
            cursor.execute(
                "UPDATE billing_networkaccount SET password_sealed = %s WHERE subscription_id = %s",
                [given, subscription.pk],
            )
        somebody_else.commit()
        is_written.set()

    writer = threading.Thread(target=write)

    def begin_to_write(done, total):
        writer.start()
        until(lambda: is_waiting(somebody_else.info.backend_pid))
        assert not is_written.is_set()

    change_of_key.change(NEW, tell=begin_to_write)
    writer.join()
    settings.NETWORK_KEY = NEW
    assert accounts.password_of(subscription) == "given-meanwhile"


def is_waiting(process):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [process])
        return cursor.fetchone()[0]
