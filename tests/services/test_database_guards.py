"""What PostgreSQL itself refuses, as an ordinary SQL user would try it (rules M7, M10, M11, M12, B1, E15)."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.services import payments, sweep
from tests.builders import at, issue_due, make_customer, make_overdue_subscription, make_subscription

pytestmark = pytest.mark.django_db

NOW = at("2026-06-15")


@pytest.fixture
def books(transactional_db):
    """One subscription cut for a bill of 20.00, another whose bill is half paid, and credit of a third customer."""
    make_overdue_subscription(now=NOW)
    half_paid = make_overdue_subscription(now=NOW)
    payments.receive(customer=half_paid.customer, amount=Decimal(10), method="cash", now=NOW)
    payments.receive(customer=make_customer(), amount=Decimal(7), method="cash", now=NOW)
    sweep.disable_due(now=NOW, limit=500)


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def copied(table, source, **changes):
    """SQL that inserts a copy of the rows of ``source`` with other values for some columns."""
    identity = f"nextval(pg_get_serial_sequence('billing_{table}', 'id'))"
    pairs = ", ".join(f"'{column}', {value}" for column, value in {"id": identity, **changes}.items())
    return (
        f"INSERT INTO billing_{table} SELECT (jsonb_populate_record(NULL::billing_{table}, "
        f"to_jsonb(row) || jsonb_build_object({pairs}))).* FROM ({source}) AS row"
    )


FIRST_BILL = "SELECT * FROM billing_bill ORDER BY id LIMIT 1"
FIRST_LINE = "SELECT * FROM billing_billline ORDER BY id LIMIT 1"
DRAFT = {"status": "'draft'", "number": "NULL", "sequence": "NULL", "allocated": "0"}


REFUSED = {
    "an issued bill's total changes": "UPDATE billing_bill SET total = 1",
    "an issued bill's number changes": "UPDATE billing_bill SET number = 'X' || id",
    "an issued bill's customer's name changes": "UPDATE billing_bill SET customer_name = 'X'",
    "an issued bill becomes a draft": "UPDATE billing_bill SET status = 'draft', number = NULL, sequence = NULL",
    "an unpaid bill is called paid": "UPDATE billing_bill SET status = 'paid'",
    "an unpaid bill is made paid": "UPDATE billing_bill SET status = 'paid', allocated = total",
    "a bill with a payment is voided": "UPDATE billing_bill SET status = 'void' WHERE allocated > 0",
    "a bill with a payment is voided and emptied": "UPDATE billing_bill SET status = 'void', allocated = 0 "
    "WHERE allocated > 0",
    "an issued bill is deleted": "DELETE FROM billing_bill",
    "bills are truncated": "TRUNCATE billing_bill CASCADE",
    "an issued line changes": "UPDATE billing_billline SET amount = 1",
    "an issued line gives its days back alone": "UPDATE billing_billline SET billed_days = 'empty'",
    "an issued line is deleted": "DELETE FROM billing_billline",
    "a line is added to an issued bill": copied("billline", FIRST_LINE, billed_days="'empty'"),
    "a bill without lines is issued": copied("bill", FIRST_BILL, number="'B9'", sequence="9", allocated="0"),
    "a bill is inserted as paid": copied("bill", FIRST_BILL, number="'B9'", sequence="9", status="'paid'"),
    "a payment's amount changes": "UPDATE billing_payment SET amount = amount + 1",
    "a payment's credit is conjured up": "UPDATE billing_payment SET allocated = 0",
    "a payment is deleted": "DELETE FROM billing_payment",
    "payments are truncated": "TRUNCATE billing_payment CASCADE",
    "an allocation changes": "UPDATE billing_allocation SET amount = 1",
    "an allocation is deleted": "DELETE FROM billing_allocation",
    "an allocation exceeds its payment": "INSERT INTO billing_allocation (payment_id, bill_id, amount, allocated_at) "
    "SELECT p.id, b.id, 5, now() FROM billing_payment p JOIN billing_bill b USING (customer_id) "
    "WHERE b.status = 'open'",
    "an allocation pays another customer's bill": "INSERT INTO billing_allocation (payment_id, bill_id, amount, "
    "allocated_at) SELECT p.id, b.id, 5, now() FROM billing_payment p, billing_bill b "
    "WHERE p.allocated = 0 AND b.allocated = 0",
    "an allocation exceeds its bill": "INSERT INTO billing_allocation (payment_id, bill_id, amount, allocated_at) "
    "SELECT p.id, b.id, 21, now() FROM billing_payment p JOIN billing_bill b USING (customer_id)",
    "an access event changes": "UPDATE billing_accessevent SET rule = 'X'",
    "an access event is deleted": "DELETE FROM billing_accessevent",
    "access events are truncated": "TRUNCATE billing_accessevent",
    "a number series is turned back": "UPDATE billing_numberseries SET last_value = last_value - 1",
    "a number series is deleted": "DELETE FROM billing_numberseries",
    "a customer with documents is deleted": "DELETE FROM billing_customer",
    "a second unpaid block is opened": "INSERT INTO billing_block (subscription_id, reason, opened_at, note) "
    "SELECT subscription_id, reason, now(), '' FROM billing_block",
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_postgresql_refuses_that(books, sql):
    with pytest.raises(IntegrityError):
        run(sql)


def test_the_books_are_not_empty_so_every_refusal_above_hit_a_row(books):
    tables = ["bill", "billline", "payment", "allocation", "accessevent", "numberseries", "customer", "block"]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM billing_{table}")
            assert cursor.fetchone()[0] > 0, table


def test_b1_a_day_is_billed_once_even_on_another_bill(books):
    with pytest.raises(DatabaseError, match="billline_day_billed_once"):
        run(
            copied("bill", FIRST_BILL, **DRAFT)
            + ";"
            + copied(
                "billline",
                FIRST_LINE,
                bill_id="(SELECT max(id) FROM billing_bill)",
                period="daterange(upper(row.period) - 1, upper(row.period) + 5)",
                billed_days="daterange(upper(row.period) - 1, upper(row.period) + 5)",
            )
        )


def test_b1_the_next_period_touches_and_is_accepted(transactional_db):
    subscription = make_subscription()
    assert len(issue_due(subscription, now=at("2026-03-01"))) == 3


def test_m11_a_draft_is_issued_only_when_its_total_is_the_sum_of_its_lines(books):
    with pytest.raises(DatabaseError, match="not the sum of its lines"):
        run(
            copied("bill", FIRST_BILL, **DRAFT)
            + "; UPDATE billing_bill SET status = 'open', number = 'B77', sequence = 77 WHERE status = 'draft'"
        )
