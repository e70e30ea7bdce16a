"""The books are recomputed from raw rows: every check finds what was planted for it, and nothing else (rule M5)."""

import re
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from billing.models import CollectedDay, Customer
from billing.services import books, payments
from billing.services.books.verifying import CHECKS, MOST_SHOWN
from billing.services.reports import counting
from billing.services.reports.kept import A_DAY, Days
from tests.histories import NOW, at, lively, rolled_back
from tests.services.corruptions import CORRUPTIONS

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def history(django_db_setup, django_db_blocker):
    """The lively history, made once for all tests of this module and rolled back at the end."""
    with rolled_back(django_db_blocker):
        lively()
        counting.refresh(now=NOW)
        yield


@pytest.fixture
def plant():
    """Run SQL that no trigger, foreign key or constraint trigger sees; gives what it returns."""

    def planted(sql):
        cursor.execute(sql)
        return [str(row[0]) for row in cursor.fetchall()]

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield planted
        transaction.set_rollback(True)


def found(name):
    return next(result for result in books.verify(now=NOW) if result.check.name == name)


def test_the_books_of_a_lively_history_are_right():
    results = books.verify(now=NOW)
    books.require(results)
    assert [result.check.name for result in results if result.differences] == []


def test_every_check_looked_at_something():
    assert [result.check.name for result in books.verify(now=NOW) if not result.rows] == []


def test_what_is_dated_back_while_the_whole_is_counted_is_no_difference():
    """It is among the figures already, though the count began before it was booked."""
    noon = at("2026-06-05T12:00")
    payments.receive(customer=Customer.objects.first(), amount=Decimal(7), method="cash", now=noon)
    counting._count(Days(noon.date(), noon.date() + A_DAY))
    assert sum(CollectedDay.objects.filter(day=noon.date()).values_list("received", flat=True)) >= 7
    assert not found("reports: money of each day as in the ledger").differences


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        pytest.param(name, sql, id=f"{name}: {what}")
        for name, faults in CORRUPTIONS.items()
        for what, sql in faults.items()
    ],
)
def test_m5_what_is_planted_is_found_and_its_row_is_named(plant, name, sql):
    assert found(name).differences == 0
    planted = plant(sql)
    assert len(planted) == 1
    result = found(name)
    assert planted[0] in [difference.row_id for difference in result.shown]
    assert result.is_wrong != result.check.tolerated


def test_every_check_is_shown_to_find_something():
    assert set(CORRUPTIONS) == {check.name for check in CHECKS}


@pytest.mark.parametrize("form", ["prefix = 'INV-{year}-'", "digits = 9", "prefix = 'B1', digits = 1"])
def test_a_series_may_be_printed_otherwise_from_now_on(plant, form):
    plant(f"UPDATE billing_numberseries SET {form} RETURNING key")
    books.require(books.verify(now=NOW))


def test_only_the_first_differences_are_listed_and_all_are_counted(plant):
    accounts = plant(
        "INSERT INTO billing_account (customer_id, balance) "
        f"SELECT 1000000 + n, 5 FROM generate_series(1, {MOST_SHOWN + 5}) AS n RETURNING customer_id"
    )
    result = found("balance = sum of the ledger")
    assert result.differences == len(accounts)
    assert [difference.row_id for difference in result.shown] == accounts[:MOST_SHOWN]
    with pytest.raises(books.BooksDiffer, match="balance = sum of the ledger: customer 1000001, .*1000020, …"):
        books.require([result])


def test_the_command_prints_a_table_and_says_that_the_books_are_right(capsys):
    call_command("verify_books")
    shown = capsys.readouterr().out
    assert re.search(r"^check +rows +differences$", shown, re.MULTILINE)
    for check in CHECKS:
        assert check.tolerated or re.search(rf"^{re.escape(check.name)} +[\d,]+ +0$", shown, re.MULTILINE), check.name
    assert re.search(rf"^The books are right: {len(CHECKS)} checks, [\d,]+ rows\.$", shown, re.MULTILINE)


def test_the_command_names_each_row_that_differs_and_fails(plant, capsys):
    bill = plant(CORRUPTIONS["bill: credited"]["a cent less"])[0]
    with pytest.raises(CommandError, match=f"bill: credited: bill {bill}"):
        call_command("verify_books")
    assert re.search(rf"^  bill {bill}: stored [\d.]+, expected [\d.]+$", capsys.readouterr().out, re.MULTILINE)


def test_the_command_reports_what_is_due_and_still_on_without_failing(capsys):
    """The history ended months before the clock of the command: more is due by now."""
    call_command("verify_books")
    shown = capsys.readouterr().out
    assert "still on (no error: the next expiry check disables them)" in shown
    assert re.search(r"^  subscription \d+: stored on, expected off$", shown, re.MULTILINE)
