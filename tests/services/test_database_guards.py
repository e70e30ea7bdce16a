"""What PostgreSQL itself refuses, as an ordinary SQL user would try it (rules M5, M7, M8, M10, M11, M12, B1, E15)."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import Account, Bill, BillLine, CreditNote, LedgerEntry
from tests.builders import at, issue_due, make_subscription
from tests.histories import lively, rolled_back
from tests.services.refusals import DRAFT, REFUSALS, UNPAID, copied, first

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def history(django_db_setup, django_db_blocker):
    """Rows in every table of money, without a constraint that still waits for the commit."""
    with rolled_back(django_db_blocker), connection.cursor() as cursor:
        lively()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        pytest.param(sql, words, id=f"{subject}: {deed}")
        for subject, deeds in REFUSALS.items()
        for deed, (sql, words) in deeds.items()
    ],
)
def test_postgresql_refuses_that(sql, words):
    with pytest.raises(IntegrityError, match=words):
        run(sql)


def test_every_table_holds_rows_so_every_refusal_above_hit_one():
    tables = """bill billline billtax payment allocation creditnote creditnoteline creditnotetax reversal ledgerentry
        account accessevent numberseries customer block discount item unbilleddays"""
    with connection.cursor() as cursor:
        for table in tables.split():
            cursor.execute(f"SELECT count(*) FROM billing_{table}")
            assert cursor.fetchone()[0] > 0, table


OPEN_LINE = f"""(SELECT min(line.id) FROM billing_billline line JOIN billing_bill bill ON bill.id = bill_id
    WHERE {UNPAID} AND bill.total = 20 AND line.amount = 20 AND line.credited = 0)"""
BILL_OF = "(SELECT bill_id FROM billing_billline WHERE id = {line})"
PERIOD_OF = "(SELECT ({days})::daterange FROM billing_billline WHERE id = {line})"
NOTE_ID = 999_999


def credit(amount="5", line=OPEN_LINE, days="NULL", frees="false", rate="'', NULL, false", **note):
    """SQL that issues a credit note of one line as a service would: the line first, then the note."""
    days = PERIOD_OF.format(days=days, line=line)
    values = {
        "id": str(NOTE_ID),
        "customer_id": "bill.customer_id",
        "kind": "'correction'",
        "bill_id": "bill.id",
        "net": amount,
        "tax": "0",
        "total": amount,
        "allocated": "0",
        **note,
    }
    return f"""
        INSERT INTO billing_creditnoteline
            (credit_note_id, bill_line_id, days, frees_days, description, amount, tax_name, tax_percent, tax_inclusive)
        VALUES ({NOTE_ID}, {line}, {days}, {frees}, 'Outage', {amount}, {rate});
        INSERT INTO billing_creditnote ({", ".join(values)}, reason, number, sequence, returned, currency, issued_at,
            issued_on, customer_code, customer_name, customer_address, customer_tax_id,
            seller_name, seller_address, seller_tax_id)
        SELECT {", ".join(values.values())}, 'Outage', 'CN9', {NOTE_ID}, 0, currency, now(), now()::date,
            customer_code, customer_name, '', '', '', '', ''
        FROM billing_bill bill WHERE id = {BILL_OF.format(line=line)}
    """


LAST_DAYS = "daterange(upper(period) - 3, upper(period))"
FIRST_DAYS = "daterange(lower(period), lower(period) + 3)"
DAYS_OUTSIDE = "daterange(upper(period) - 3, upper(period) + 1)"
DEAR_LINE_OF_TWO = "(SELECT min(id) FROM billing_billline WHERE kind = 'recurring' AND bill_id IN ({}))".format(
    "SELECT bill_id FROM billing_billline WHERE description = 'Installation'"
)
CREDITED_LINE = "(SELECT min(bill_line_id) FROM billing_creditnoteline WHERE days IS NOT NULL AND NOT frees_days)"
SAME_DAYS = f"(SELECT days FROM billing_creditnoteline WHERE bill_line_id = {CREDITED_LINE} LIMIT 1)"
OF_A_VOID_BILL = """(SELECT min(line.id) FROM billing_billline line JOIN billing_bill bill ON bill.id = bill_id
    WHERE bill.status = 'void')"""
ANOTHERS = "(SELECT max(id) FROM billing_customer)"
NOT_ITS_BILL = "corrects an issued bill of its own customer"
NOT_ITS_DAYS = "takes back days that its line does not bill"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (credit("20.01"), "bill_not_overcredited"),
        (credit("61", line=DEAR_LINE_OF_TWO), "billline_amounts_in_range"),
        (credit(net="6", total="6"), "total of a credit note is not the sum"),
        (credit().split(";")[1], "total of a credit note is not the sum"),
        (credit("0"), "creditnoteline_amount_positive"),
        (credit(bill_id=f"(SELECT min(id) FROM billing_bill WHERE {UNPAID} AND id <> bill.id)"), NOT_ITS_BILL),
        (credit(customer_id=ANOTHERS), NOT_ITS_BILL),
        (credit("1", line=OF_A_VOID_BILL), NOT_ITS_BILL),
        (credit(days=DAYS_OUTSIDE), NOT_ITS_DAYS),
        (credit(days=FIRST_DAYS, frees="true"), NOT_ITS_DAYS),
        (credit("0.01", line=CREDITED_LINE, days=SAME_DAYS), "creditnoteline_day_credited_once"),
        (credit(kind="'goodwill'"), "creditnote_corrects_a_bill"),
        (credit(bill_id="NULL"), "creditnote_corrects_a_bill"),
        (credit(allocated="1"), "starts unallocated"),
    ],
    ids=[
        "above the bill",
        "above its line",
        "with another total",
        "without lines",
        "of nothing",
        "of another bill",
        "of another customer",
        "of a void bill",
        "for days outside of the line",
        "that frees days in the middle",
        "for the same days twice",
        "as a gift on a bill",
        "as a correction without a bill",
        "that pays already",
    ],
)
def test_m11_postgresql_refuses_a_credit_note(sql, words):
    with pytest.raises(IntegrityError, match=words):
        run(sql)


def test_m4_a_credit_note_whose_tax_is_not_taken_on_the_lines_with_its_rate_is_not_issued():
    note = credit("5", rate="'VAT', 0, true")
    tax = (
        "INSERT INTO billing_creditnotetax (credit_note_id, name, percent, inclusive, base, tax) "
        f"VALUES ({NOTE_ID}, '{{}}', 0, true, {{}}, 0)"
    )
    for wrong in (note, f"{tax.format('VAT', '4.99')}; {note}", f"{tax.format('GST', '5')}; {note}"):
        with pytest.raises(DatabaseError, match="the base of a tax is not the sum of the credit note's lines"):
            run(wrong)
    with transaction.atomic():
        run(f"{tax.format('VAT', '5')}; {note}")
        assert CreditNote.objects.get(pk=NOTE_ID).taxes.get().base == 5
        transaction.set_rollback(True)


def test_m11_a_credit_note_is_booked_and_added_to_its_bill_and_its_line_by_postgresql():
    line = BillLine.objects.filter(bill__status="open", bill__allocated=0, bill__total=20, credited=0).earliest("pk")
    before = Account.objects.get(customer=line.bill.customer_id).balance
    with transaction.atomic():
        run(credit("5", days=LAST_DAYS, frees="true"))
        line.refresh_from_db()
        assert (line.credited, line.billed_days.lower) == (5, line.period.lower)
        assert (line.period.upper - line.billed_days.upper).days == 3
        assert Bill.objects.get(pk=line.bill_id).credited == 5
        assert LedgerEntry.objects.get(credit_note=NOTE_ID).amount == -5
        assert CreditNote.objects.get(pk=NOTE_ID).credit == 5
        assert Account.objects.get(customer=line.bill.customer_id).balance == before - 5
        transaction.set_rollback(True)


PLAIN = f"{UNPAID} AND total = 20"
NEW_BILL = copied("bill", first("bill", PLAIN), **DRAFT)
NEW_BILL_ID = "(SELECT max(id) FROM billing_bill)"
ISSUE = "UPDATE billing_bill SET status = 'open', number = 'B77', sequence = 777777 WHERE status = 'draft'"


def line_of(**changes):
    """SQL that puts a copy of the line of the first plain bill on the new bill."""
    where = f"kind = 'recurring' AND bill_id = (SELECT min(id) FROM billing_bill WHERE {PLAIN})"
    return copied("billline", first("billline", where), **{"bill_id": NEW_BILL_ID, "billed_days": "'empty'", **changes})


def test_b1_a_day_is_billed_once_even_on_another_bill():
    days = "daterange(upper(row.period) - 1, upper(row.period) + 5)"
    with pytest.raises(DatabaseError, match="billline_day_billed_once"):
        run(f"{NEW_BILL}; {line_of(period=days, billed_days=days)}")


def test_b1_the_next_period_touches_and_is_accepted():
    subscription = make_subscription()
    assert len(issue_due(subscription, now=at("2026-03-01"))) == 3


def test_m11_a_draft_is_issued_only_when_its_total_is_the_sum_of_its_lines():
    with pytest.raises(DatabaseError, match="not the sum of its lines"):
        run(f"{NEW_BILL}; {ISSUE}")
    run(f"{NEW_BILL}; {line_of()}; {ISSUE}")


def test_m11_a_line_of_anothers_subscription_is_not_issued():
    other = "(SELECT max(id) FROM billing_subscription)"
    with pytest.raises(DatabaseError, match="a line bills another customer's subscription"):
        run(f"{NEW_BILL}; {line_of(subscription_id=other)}; {ISSUE}")


def test_m4_a_tax_that_is_not_taken_on_the_lines_with_its_rate_is_not_issued():
    taxed = line_of(tax_name="'VAT'", tax_percent="0", tax_inclusive="true")
    tax = (
        "INSERT INTO billing_billtax (bill_id, name, percent, inclusive, base, tax) "
        f"VALUES ({NEW_BILL_ID}, 'VAT', 0, true, {{}}, 0)"
    )
    with pytest.raises(DatabaseError, match="the base of a tax is not the sum"):
        run(f"{NEW_BILL}; {taxed}; {tax.format('19.99')}; {ISSUE}")
    with pytest.raises(DatabaseError, match="the base of a tax is not the sum"):
        run(f"{NEW_BILL}; {taxed}; {ISSUE}")


def test_m5_a_void_takes_the_bill_off_the_ledger_and_gives_its_days_back():
    bill = Bill.objects.filter(status="open", allocated=0, credited=0, total=20).earliest("pk")
    before = Account.objects.get(customer=bill.customer_id).balance
    with transaction.atomic():
        run(f"UPDATE billing_bill SET status = 'void', voided_at = now(), voided_on = now() WHERE id = {bill.pk}")
        assert [entry.amount for entry in bill.ledger.order_by("pk")] == [20, -20]
        assert Account.objects.get(customer=bill.customer_id).balance == before - 20
        assert all(line.billed_days.isempty for line in bill.lines.all())
        transaction.set_rollback(True)
