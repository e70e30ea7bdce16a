"""A fault of the database is told in one line that says what to do; a bug of ours is never told as one."""

import logging

import psycopg2
import pytest
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from psycopg2 import errors

from tests.jobs.processes import database_url
from tests.test_settings import manage
from utils import error_pages, outage
from utils.commandline import explained
from utils.logs import ConsoleFormatter, KnownFaults

pytestmark = pytest.mark.django_db(transaction=True)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def error_of(statement):
    with pytest.raises(DatabaseError) as raised:
        run(statement)
    return raised.value


@pytest.fixture
def not_migrated():
    """The database as it is before the newest migration."""
    newest = MigrationRecorder.Migration.objects.filter(app="billing").latest("pk")
    newest.delete()
    yield
    newest.save(force_insert=True)


BUGS = ["SELECT * FROM no_table", "SELECT no_column FROM billing_area", "SELEC 1", "SELECT no_function()", "SELECT 1/0"]


@pytest.mark.parametrize("statement", BUGS)
def test_a_bug_in_a_statement_is_not_told_as_a_fault_of_the_database(statement):
    assert outage.explain(error_of(statement)) is None
    with pytest.raises(DatabaseError):
        explained(lambda: run(statement))


@pytest.mark.parametrize("statement", BUGS[:2])
def test_a_missing_table_or_column_means_not_migrated_when_a_migration_is_missing(not_migrated, statement, capsys):
    assert explained(lambda: run(statement)) == 1
    assert capsys.readouterr().err == "Error: The database is not migrated. Run: python manage.py migrate\n"


def test_other_bugs_stay_bugs_even_when_a_migration_is_missing(not_migrated):
    assert outage.explain(error_of("SELEC 1")) is None


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            psycopg2.OperationalError("connection refused"),
            "does not answer (connection refused). Check that PostgreSQL",
        ),
        (psycopg2.OperationalError('database "x" does not exist'), "Check the names in DATABASE_URL"),
        (psycopg2.InterfaceError("connection already closed"), "does not answer (connection already closed)"),
        (psycopg2.OperationalError(), "does not answer (OperationalError)"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_with_the_way_out(fault, told):
    assert told in outage.explain(fault)


def test_a_statement_that_the_server_ends_is_not_told_as_a_server_that_is_away():
    error = error_of("SET statement_timeout = '20ms'; SELECT pg_sleep(1)")
    run("RESET statement_timeout")
    assert outage.explain(error).startswith("The database gave up (canceling statement due to statement timeout). ")


def test_a_statement_that_the_server_refuses_for_our_own_fault_stays_a_bug():
    refused = error_of(
        "CREATE TABLE busy (); DO $$ BEGIN DECLARE row CURSOR FOR SELECT FROM busy; "
        "BEGIN OPEN row; DROP TABLE busy; END; END $$"
    )
    assert isinstance(refused, OperationalError)
    assert outage.explain(refused) is None


def test_a_user_without_rights_is_told():
    error = error_of("CREATE ROLE visitor; SET ROLE visitor; SELECT * FROM billing_customer")
    assert "Make it the owner of the database" in outage.explain(error)
    assert isinstance(error.__cause__, errors.InsufficientPrivilege)


def test_an_option_in_the_address_that_does_not_exist_is_told():
    result = manage("migrate", DATABASE_URL=f"{database_url()}?colour=red")
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert 'invalid connection option "colour"' in result.stderr


@pytest.mark.parametrize(("statement", "status"), [("SELECT 1/0", 500), ("SELECT * FROM no_table", 500)])
def test_the_page_for_a_bug_is_an_error_and_no_outage(rf, statement, status):
    assert page_for(rf, statement) == status


def test_the_page_for_a_database_that_is_not_migrated_asks_to_come_back(rf, not_migrated):
    assert page_for(rf, "SELECT * FROM no_table") == 503


def page_for(rf, statement):
    try:
        run(statement)
    except DatabaseError:
        return error_pages.server_error(rf.get("/")).status_code


def logged(error, text="Internal Server Error: /admin/"):
    """What the console shows of an error that is logged with its traceback."""
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s", (text,), (type(error), error, None))
    assert KnownFaults().filter(record)
    return ConsoleFormatter().format(record)


def test_the_log_tells_an_outage_in_one_line_and_a_bug_with_its_traceback():
    line = logged(psycopg2.OperationalError("connection refused"))
    assert line.startswith("ERROR: Internal Server Error: /admin/: The database does not answer (connection refused)")
    assert "\n" not in line
    assert "ZeroDivisionError" in logged(ZeroDivisionError("division by zero"))


def test_a_wrong_host_is_logged_in_one_line_that_names_the_setting():
    text = "Invalid HTTP_HOST header: 'evil.example'. You may need to add 'evil.example' to ALLOWED_HOSTS."
    assert logged(DisallowedHost(text), text) == f"ERROR: {text.replace('ALLOWED', 'DJANGO_ALLOWED')}"


def test_a_visitor_under_a_wrong_host_is_told_what_to_do(client):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "DJANGO_ALLOWED_HOSTS" in response.content.decode()
