"""``manage.py generate_bills``: what it prints, what it refuses, and that a dry run changes nothing."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from billing.models import Bill, BillingState, Customer, Item, Plan, TaxRate
from billing.services import billing_run, items
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-03-02T09:00")


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def generate_bills(*arguments):
    out = StringIO()
    call_command("generate_bills", *arguments, stdout=out)
    return out.getvalue().splitlines()


def rows(lines):
    return [line.split() for line in lines[1:-1]]


def everything():
    """All rows of the database, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_stat_user_tables WHERE relname LIKE 'billing_%' ORDER BY 1")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t")
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT last_value, is_called FROM billing_bill_id_seq")
        return {**found, "sequence": cursor.fetchone()}


@pytest.fixture
def household():
    """A customer with two taxed subscriptions due on 1 March and one due on 9 March, and a router that waits."""
    tax = TaxRate.objects.create(name="VAT 20%", percent=Decimal(20))
    customer = make_customer(code="C-7")
    for login, start in (("ann", date(2026, 3, 1)), ("bob", date(2026, 3, 1)), ("tv", date(2026, 3, 9))):
        make_subscription(customer=customer, login=login, starts_on=start, plan=make_plan(tax_rate=tax))
    items.add(customer=customer, description="Router", amount=Decimal("1049.90"), now=NOW)
    return customer


def test_the_run_prints_what_it_did(household):
    assert generate_bills() == ["1 bill issued, 1,097.90 USD in all"]
    assert generate_bills() == ["0 bills issued, 0.00 USD in all"]


def test_a_dry_run_shows_every_line_and_the_totals_and_changes_nothing(household):
    before = everything()
    lines = generate_bills("--dry-run")
    assert rows(lines) == [
        ["C-7", "ann", "2026-03-01", "to", "2026-03-31", "20.00"],
        ["C-7", "bob", "2026-03-01", "to", "2026-03-31", "20.00"],
        ["C-7", "Router", "1,049.90", "8.00", "1,097.90"],
    ]
    assert lines[-1] == (
        "1 bill would be issued, 1,097.90 USD in all, 8.00 USD of it tax; 0 subscriptions would be set aside. "
        "Nothing was changed."
    )
    assert everything() == before


def test_a_dry_run_looks_ahead_and_so_do_the_runs_that_follow(household, monkeypatch):
    shown = rows(generate_bills("--dry-run", "--through", "2026-04-10"))
    assert [(row[1], row[2]) for row in shown] == [
        ("ann", "2026-03-01"),
        ("bob", "2026-03-01"),
        ("Router", "1,049.90"),
        ("tv", "2026-03-09"),
        ("ann", "2026-04-01"),
        ("bob", "2026-04-01"),
        ("tv", "2026-04-09"),
    ]
    Plan.objects.update(bills_while_unpaid=True)
    for offset in range(40):
        billing_run.generate(now=NOW + timedelta(days=offset), limit=500)
    sums = [Decimal(row[-1].replace(",", "")) for row in shown if len(row) != 6]
    assert [bill.total for bill in Bill.objects.order_by("sequence")] == sums


@pytest.fixture
def late_payer(settings, household):
    """A bill of 20.00 of another customer that was due on 15 January; the fee is 5.00."""
    settings.LATE_FEE = "5.00"
    customer = make_customer(code="C-8")
    subscription = make_subscription(
        customer=customer, login="late", starts_on=date(2026, 1, 1), plan=make_plan(bills_while_unpaid=True)
    )
    return issue_next(subscription, now=at("2026-01-01"))


def test_b11_the_run_charges_the_late_fees_first(late_payer):
    assert generate_bills() == ["1 late fee charged, 5.00 USD in all; 3 bills issued, 1,142.90 USD in all"]
    assert Bill.objects.get(customer=late_payer.customer, lines__amount=5).total == 25


def test_b11_a_dry_run_shows_the_late_fees_and_the_bills_that_they_come_on(late_payer):
    before = everything()
    lines = generate_bills("--dry-run")
    fee = f"Late fee: bill {late_payer.number} was due on 2026-01-15"
    assert lines[1] == f"C-8          2026-03-02: 5.00 USD for the next bill. {fee}"
    assert rows(lines)[-3:] == [
        ["C-8", "late", "2026-02-01", "to", "2026-02-28", "20.00"],
        ["C-8", *fee.split(), "5.00", "0.00", "25.00"],
        ["C-8", "late", "2026-03-01", "to", "2026-03-31", "20.00", "0.00", "20.00"],
    ]
    assert lines[-1].startswith(
        "1 late fee would be charged, 5.00 USD in all; 3 bills would be issued, 1,142.90 USD in all, "
    )
    assert everything() == before


def test_b11_a_late_fee_to_come_is_on_the_first_bill_after_its_day(late_payer, settings):
    settings.LATE_FEE_DAYS = 60  # 16 March
    assert len(generate_bills("--dry-run", "--through", "2026-03-15")[1:-1]) == 6
    shown = generate_bills("--dry-run", "--through", "2026-04-01")
    assert shown[1].startswith("C-8          2026-03-16: 5.00 USD")
    assert [line.split()[-1] for line in shown if line.startswith("C-8 ")][1:] == ["20.00", "20.00", "20.00", "25.00"]


def test_b11_a_dry_run_shows_no_fee_of_an_archived_customer_nor_twice(late_payer):
    generate_bills()
    assert "late fee" not in generate_bills("--dry-run")[-1]
    Item.objects.all().delete()
    Customer.objects.filter(pk=late_payer.customer_id).update(archived_at=NOW)
    assert "late fee" not in generate_bills("--dry-run")[-1]


def test_a_dry_run_names_who_would_be_set_aside(household):
    old = make_subscription(login="old", starts_on=date(2020, 1, 1))
    gone = make_subscription(login="gone", starts_on=date(2026, 3, 1))
    Customer.objects.filter(pk=gone.customer_id).update(archived_at=NOW)
    lines = generate_bills("--dry-run")
    assert any("old" in line and "set aside: More than 36 periods are due" in line for line in lines)
    assert any("gone" in line and "set aside: The customer is archived" in line for line in lines)
    assert "2 subscriptions would be set aside" in lines[-1]
    run = billing_run.generate(now=NOW, limit=500)
    assert set(run.set_aside) == {old.pk, gone.pk}


def test_through_an_earlier_day(household):
    assert generate_bills("--through", "2026-02-28") == ["0 bills issued, 0.00 USD in all"]
    assert len(rows(generate_bills("--dry-run", "--through", "2026-02-28"))) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--through", "2026-03-03"], "2026-03-03 is in the future"),
        (["--through", "31.03.2026"], "'31.03.2026' is not a date; write it like 2026-03-31"),
        (["--through", "2026-02-30"], "'2026-02-30' is not a date"),
        (["--dry-run", "--through", "2126-01-01"], "2126-01-01 is too far ahead. Choose 2029-03-04 or earlier"),
    ],
)
def test_a_date_that_cannot_be_is_refused(household, arguments, said):
    with pytest.raises(CommandError, match=said):
        generate_bills(*arguments)
    assert not Bill.objects.exists()


def test_the_summary_names_what_was_set_aside(household):
    subscription = make_subscription(starts_on=date(2020, 1, 1))
    [line] = generate_bills()
    assert line.startswith("1 bill issued, 1,097.90 USD in all; 1 subscription set aside: ")
    assert f"{subscription.pk}: More than 36 periods" in line
    assert BillingState.objects.exclude(review="").count() == 1
