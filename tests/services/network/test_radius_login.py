"""The login that FreeRADIUS has: what it may call, and all that it may not (decision 40)."""

import secrets

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from billing.rules.errors import Refused
from billing.services.network import radius_login
from tests.services.network.situations import PACKET, PASSWORD, SECRET, make_online_subscription, make_router

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD_OF_LOGIN = "the-password-of-a-login-of-24"
NOT_ALLOWED = [
    "SELECT * FROM billing_router", "SELECT * FROM billing_networkaccount", "SELECT * FROM billing_subscription",
    "SELECT * FROM billing_onlinesession", "SELECT * FROM billing_sessionrecord", "SELECT * FROM billing_loginattempt",
    "SELECT * FROM billing_customer", "SELECT * FROM auth_user", "SELECT * FROM radius.policy",
    "UPDATE billing_accessstate SET is_on = true", "DELETE FROM billing_onlinesession",
    "INSERT INTO billing_usageday (subscription_id, day, download_bytes, upload_bytes) VALUES (1, now(), 1, 1)",
    "SELECT radius.unseal('x')", "SELECT radius.use_key('x')", "SELECT radius.close_session('u1', now(), '')",
    "SELECT radius.grant_role()", "SELECT radius.judged('x')",
    "CREATE TABLE radius.mine (id int)", "CREATE ROLE mine",
    "CREATE FUNCTION radius.answer(text, text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.lower(text, text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
]  # fmt: skip


@pytest.fixture
def name():
    name = f"isp_test_{secrets.token_hex(4)}"
    yield name
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [name])
        if cursor.fetchone()[0]:
            cursor.execute(f"DROP ROLE {name}")


@pytest.fixture
def limited(name):
    """A cursor of that login, in a connection of its own."""
    assert radius_login.grant(name, PASSWORD_OF_LOGIN)
    session = connect(name, PASSWORD_OF_LOGIN)
    yield session.cursor()
    session.close()


def connect(name, password):
    place = {**connection.get_connection_params(), "user": name, "password": password}
    session = psycopg2.connect(
        **{key: place[key] for key in ("host", "port", "dbname", "user", "password") if key in place}
    )
    session.autocommit = True
    return session


def test_it_may_ask_and_report(limited):
    router, subscription = make_router(), make_online_subscription()
    limited.execute("SELECT set_config('isp.network_key', %s, false)", [settings.NETWORK_KEY])
    limited.execute("SELECT radius.answer(%s)", [subscription.login])
    assert limited.fetchone()[0].endswith(f"|{PASSWORD}")
    limited.execute("SELECT radius.sign_in(%s, %s, '')", [subscription.login, router.address])
    assert limited.fetchone()[0].endswith(f"|{PASSWORD}")
    limited.execute("SELECT radius.router_secret(%s), radius.router_requires_ma(%s)", [router.address] * 2)
    assert limited.fetchone() == (SECRET, "yes")
    limited.execute("SELECT radius.post_auth(%s, 'Access-Accept', '', %s, '')", [subscription.login, router.address])
    packet = {**PACKET, "login": subscription.login, "router": router.address}
    limited.execute(f"SELECT radius.accounting({', '.join(['%s'] * len(packet))})", list(packet.values()))
    assert limited.fetchone() == (True,) and subscription.onlinesessions.exists()


@pytest.mark.parametrize("statement", NOT_ALLOWED)
def test_it_may_do_nothing_else(limited, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        limited.execute(statement)


def test_without_the_key_the_login_alone_opens_no_password(limited):
    subscription = make_online_subscription()
    with pytest.raises(psycopg2.errors.RaiseException, match="isp.network_key"):
        limited.execute("SELECT radius.answer(%s)", [subscription.login])


def test_a_search_path_of_its_own_deceives_no_function(limited):
    subscription = make_online_subscription()
    limited.execute("SET search_path = pg_temp; CREATE TEMPORARY TABLE billing_networkpolicy (id int)")
    limited.execute("SELECT set_config('isp.network_key', %s, false)", [settings.NETWORK_KEY])
    limited.execute("SELECT radius.answer(%s)", [subscription.login])
    assert limited.fetchone()[0].startswith("accept|")
    limited.execute("DROP TABLE billing_networkpolicy")


def test_everybody_else_may_call_nothing(name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'radius'::regnamespace"
            " AND has_function_privilege('pg_monitor', oid, 'EXECUTE')"
        )
        assert cursor.fetchall() == []


def test_the_command_creates_it_and_gives_it_another_password(name, tmp_path, capsys):
    file = tmp_path / "password"
    for password, said in ((PASSWORD_OF_LOGIN, "created"), ("another-" * 4, "there")):
        file.write_text(f"{password}\n")
        call_command("radius_login", name, password_file=file)
        assert f"{name} is {said}" in capsys.readouterr().out
        connect(name, password).close()


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("Bad Name", PASSWORD_OF_LOGIN, "is not a name"),
        ("x; DROP ROLE y", PASSWORD_OF_LOGIN, "is not a name"),
        ("fine", "short", "20 to 200"),
        ("fine", "it's a longer password", "20 to 200"),
    ],
)
def test_what_cannot_be_is_refused(name, password, said, tmp_path):
    with pytest.raises(Refused, match=said):
        radius_login.grant(name, password)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("radius_login", name, password_file=tmp_path / "missing")
