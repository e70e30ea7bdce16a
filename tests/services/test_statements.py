"""A customer's account as a running balance (rule M5)."""

import csv
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from billing.models import Account, Customer
from billing.rules.errors import Refused
from billing.services import credit_notes, reversals, statements
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.histories import NOW, lively, pay

pytestmark = pytest.mark.django_db

HEAD = ["date", "entry", "document", "debit", "credit", "balance"]


@pytest.fixture
def customer():
    """Bills of 20.00 each month; one paid twice, one in part, one reversed, one credited."""
    customer = make_customer()
    subscription = make_subscription(customer=customer, plan=make_plan(price="20.00"))
    january = issue_next(subscription, now=at("2026-01-01"))
    pay(customer, "20", "2026-01-10")
    mistake = pay(customer, "20", "2026-01-10")
    reversals.reverse(payment=mistake, reason="Entered twice", now=at("2026-01-11"))
    issue_next(subscription, now=at("2026-02-01"))
    pay(customer, "5.50", "2026-02-10")
    credit_notes.correct(bill=january, reason="No service", now=at("2026-03-01"))
    return customer


def told(customer, since, until):
    lines = statements.lines(customer, since=date.fromisoformat(since), until=date.fromisoformat(until))
    values = [(line.day, line.text, line.number, line.debit, line.credit, line.balance) for line in lines]
    return [" ".join(str(value) for value in line if value != "") for line in values]


def test_m5_a_statement_tells_every_document_with_its_debit_credit_and_balance(customer):
    assert told(customer, "2026-01-01", "2026-03-31") == [
        "2026-01-01 Opening balance None None 0",
        "2026-01-01 Bill B000001 20.000 None 20.000",
        "2026-01-10 Payment R000001 None 20.000 0.000",
        "2026-01-10 Payment R000002 None 20.000 -20.000",
        "2026-01-11 Entered by mistake R000002 20.000 None 0.000",
        "2026-02-01 Bill B000002 20.000 None 20.000",
        "2026-02-10 Payment R000003 None 5.500 14.500",
        "2026-03-01 Credit note CN000001 None 20.000 -5.500",
        "2026-03-31 Closing balance 60.000 65.500 -5.500",
    ]


@pytest.mark.parametrize(
    ("since", "until", "entries", "balances"),
    [
        ("2026-02-01", "2026-02-28", 2, ("0.000", "14.500")),
        ("2026-01-10", "2026-01-10", 2, ("20.000", "-20.000")),
        ("2026-01-12", "2026-01-31", 0, ("0.000", "0.000")),
        ("2025-01-01", "2025-12-31", 0, ("0", "0")),
        ("2026-03-02", "2027-12-31", 0, ("-5.500", "-5.500")),
        ("0001-01-01", "9999-12-31", 7, ("0", "-5.500")),
    ],
)
def test_m5_the_first_and_the_last_day_count_and_the_balance_comes_along(customer, since, until, entries, balances):
    opening, *between, closing = told(customer, since, until)
    assert len(between) == entries
    assert (opening.split()[-1], closing.split()[-1]) == balances


def test_m5_every_statement_until_today_closes_with_the_balance_of_the_account():
    lively()
    for customer in Customer.objects.all():
        balance = Account.objects.filter(customer=customer).values_list("balance", flat=True).first() or 0
        for since in (min(statements.first_day(customer), NOW.date()), date(2026, 3, 10)):
            lines = list(statements.lines(customer, since=since, until=NOW.date()))
            assert lines[-1].balance == balance
            assert lines[0].balance + lines[-1].debit - lines[-1].credit == balance


def test_m5_statements_of_days_side_by_side_tie_to_each_other(customer):
    first = list(statements.lines(customer, since=date(2026, 1, 1), until=date(2026, 1, 10)))
    second = list(statements.lines(customer, since=date(2026, 1, 11), until=date(2026, 3, 31)))
    assert first[-1].balance == second[0].balance


def test_a_statement_that_ends_before_it_begins_is_refused(customer):
    with pytest.raises(Refused, match="before its first day Feb. 1, 2026"):
        statements.lines(customer, since=date(2026, 2, 1), until=date(2026, 1, 31))


def test_a_statement_holds_only_its_own_customer(customer):
    other = make_customer()
    pay(other, "1.00", "2026-01-01")
    assert len(told(other, "2026-01-01", "2026-01-31")) == 3


def test_a_long_statement_comes_row_by_row(customer, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(statements, "FETCHED", 2)
    with django_assert_num_queries(1):
        assert len(told(customer, "2026-01-01", "2026-03-31")) == 9


def command(*arguments, capsys):
    call_command("statement", *arguments)
    return capsys.readouterr().out.splitlines()


def test_the_command_prints_the_whole_account_by_default(customer, capsys):
    lines = command(customer.code, capsys=capsys)
    assert lines[0].split() == HEAD
    assert lines[2].split() == ["2026-01-01", "Bill", "B000001", "20.00", "20.00"]
    assert lines[-1].split()[1:] == ["Closing", "balance", "60.00", "65.50", "-5.50"]


def test_the_command_writes_csv_for_some_days(customer, capsys):
    lines = command(customer.code, "--from=2026-02-01", "--until=2026-02-28", "--csv", capsys=capsys)
    assert list(csv.reader(lines)) == [
        HEAD,
        ["2026-02-01", "Opening balance", "", "", "", "0.00"],
        ["2026-02-01", "Bill", "B000002", "20.00", "", "20.00"],
        ["2026-02-10", "Payment", "R000003", "", "5.50", "14.50"],
        ["2026-02-28", "Closing balance", "", "20.00", "5.50", "14.50"],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["X9"], "no customer with the code X9"),
        (["C000001", "--from=2026-02-01", "--until=2026-01-01"], "before its first day"),
        (["C000001", "--from=yesterday"], "'yesterday' is not a date; write it like 2026-03-31"),
    ],
)
def test_the_command_says_what_is_wrong(customer, arguments, says):
    with pytest.raises(CommandError, match=says):
        call_command("statement", *arguments)
