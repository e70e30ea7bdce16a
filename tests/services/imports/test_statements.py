"""Statements of banks and mobile money: whose each payment is, once, and what waits for staff."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import Bill, Payment, UnmatchedPayment
from billing.rules.errors import Refused
from billing.services import payment_batches, payments, unmatched
from billing.services.imports import files, running
from tests.builders import access_of, issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.importing import NOW, STATEMENT, bring_in, brought, checked, imported, messages, outcomes, preview, worked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

HEAD = "Receipt No,Completion Time,Paid In,Account No,Bill,MSISDN,Details"


@pytest.fixture
def ann():
    return make_customer(name="Ann", code="C-000017", phone="+254 700 000 001")


def owing(customer, amount="20.00"):
    """An open bill of the customer."""
    plan = make_plan(price=Decimal(amount))
    return issue_next(make_subscription(customer=customer, plan=plan, starts_on=date(2026, 5, 1)), now=NOW)


def statement(*rows):
    return "\n".join([HEAD, *rows])


def test_a_row_is_matched_by_code_bill_text_or_phone(ann):
    bob, eve = make_customer(name="Bob", phone="0711222333"), make_customer(name="Eve", phone="+1 555 0100")
    bill = owing(eve)
    file = preview(
        "payments",
        statement(
            "R1,2026-05-19,10.00,c-000017,,,",
            f"R2,2026-05-19,20.00,,{bill.number},,",
            "R3,2026-05-19,30.00,,,,Internet C-000017 may",
            "R4,2026-05-19,40.00,,,254711222333,",
            "R5,2026-05-19,-5.00,,,,Charge",
            "R6,2026-05-19,60.00,,,,hello",
        ),
    )
    assert outcomes(file) == ["new", "new", "new", "new", "left out", "suspended"]
    assert not Payment.objects.exists()
    imported(file)
    columns = ("transaction_id", "customer", "amount", "gateway", "method")
    assert list(Payment.objects.order_by("pk").values_list(*columns)) == [
        ("R1", ann.pk, 10, "mpesa", "mobile"),
        ("R2", eve.pk, 20, "mpesa", "mobile"),
        ("R3", ann.pk, 30, "mpesa", "mobile"),
        ("R4", bob.pk, 40, "mpesa", "mobile"),
    ]  # fmt: skip
    bill.refresh_from_db()
    assert bill.status == "paid"
    assert UnmatchedPayment.objects.get().why == "Nothing on the statement says whose it is."


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("R1,,10.00,C-999999,,0700000001,", "No customer has the code C-999999"),
        ("R1,,10.00,,X-1,,", "there is no bill X-1|There is no bill X-1"),
        ("R1,,10.00,,,0799999999,", "No customer has the phone 0799999999"),
        ("R1,,10.00,,,0700000002,", "2 customers have the phone 0700000002"),
        ("R1,,10.00,,,,C-000017 and C-000018", "names several customers: C-000017, C-000018"),
    ],
)
def test_what_is_not_sure_waits_with_the_reason(ann, row, why):
    for code in ("C-000018", "C-000019"):
        make_customer(code=code, phone="0700 000 002")
    bring_in("payments", statement(row))
    assert not Payment.objects.exists()
    assert any(part in UnmatchedPayment.objects.get().why for part in why.split("|"))


def test_a_code_and_a_bill_of_two_customers_are_not_decided_between(ann):
    bill = owing(make_customer(code="C-000018"))
    file = preview("payments", statement(f"R1,,10.00,C-000017,{bill.number},,"))
    assert messages(file) == [f"Bill {bill.number} is of customer C-000018, but the code says C-000017."]


def test_the_amount_decides_between_customers_of_one_phone(ann):
    bob = make_customer(phone="0700000001")
    owing(ann, "20.00"), owing(bob, "25.00")
    bring_in("payments", statement("R1,,25.00,,,254700000001,", "R2,,11.00,,,254700000001,"))
    assert Payment.objects.get().customer == bob
    assert UnmatchedPayment.objects.get().reference == "R2"


def test_a_word_where_a_code_is_asked_for_does_not_hide_the_phone(ann):
    bring_in("payments", statement("R1,,10.00,internet,,0700000001,"))
    assert Payment.objects.get().customer == ann


def test_the_same_file_again_changes_nothing(ann):
    text = statement("R1,,10.00,C-000017,,,", "R2,,10.00,?,,,")
    bring_in("payments", text)
    again = preview("payments", text)
    assert outcomes(again) == ["same", "same"]
    with pytest.raises(Refused, match="nothing to import"):
        imported(again)
    unmatched.resolve(item=UnmatchedPayment.objects.get(), customer=ann, now=NOW)
    assert outcomes(preview("payments", text)) == ["same", "same"]
    assert Payment.objects.count() == 2


def test_a_reference_counts_once_for_each_source_and_not_for_two_amounts(ann):
    bring_in("payments", statement("R1,,10.00,C-000017,,,"))
    assert outcomes(preview("payments", statement("R1,,10.00,C-000017,,,"), source="bank")) == ["new"]
    other = preview("payments", statement("R1,,11.00,C-000017,,,"))
    assert outcomes(other) == ["refused"]
    assert "was used for 10.00 USD before" in messages(other)[0]


def test_a_reference_that_stands_twice_in_a_file_counts_once(ann):
    file = preview("payments", statement("R1,,10.00,C-000017,,,", "R1,,10.00,C-000017,,,"))
    assert outcomes(file) == ["new", "refused"]
    assert messages(file)[1] == "Row 1 of the file is the same. Take one of the two out, or correct it."


def test_rows_without_a_reference_are_told_apart_and_known_again(ann):
    text = "Date,Amount,Customer\n2026-05-19,10.00,C-000017\n2026-05-19,10.00,C-000017\n2026-05-19,11.00,C-000017\n"
    bring_in("payments", text)
    assert Payment.objects.count() == 3
    assert outcomes(preview("payments", text)) == ["same"] * 3


def test_amounts_and_days_as_the_file_writes_them(ann):
    file = brought("payments", "Datum;Amount;Customer\n31/05/2026;1.234,50;C-000017\n")[0]
    assert file.options["decimals"] == ","
    file.mapping["paid_on"] = 0
    imported(checked(file, order="dmy"))
    payment = Payment.objects.get()
    assert (payment.amount, payment.note) == (Decimal("1234.50"), "Paid on 2026-05-31")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("R1,,ten,C-000017,,,", "“ten” is not an amount"),
        ("R1,soon,10.00,C-000017,,,", "“soon” is not a date"),
        ("R1,,10.001,C-000017,,,", "too many decimals"),
        (f"{'R' * 101},,10.00,C-000017,,,", "longer than 100"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_the_reason_and_the_others_go_on(ann, row, says):
    file = bring_in("payments", statement(row, "R2,,10.00,C-000017,,,"))
    assert outcomes(file) == ["refused", "new"]
    assert says in messages(file)[0]
    assert next(files.errors(file))[-2:] == ["1", messages(file)[0]]
    assert Payment.objects.count() == 1


def test_a_payment_of_a_statement_brings_the_subscriber_back():
    subscription = make_overdue_subscription(now=timezone.now())
    from billing.services import sweep

    sweep.disable_due(now=timezone.now(), limit=10)
    assert not access_of(subscription).is_on
    row = f"R1,,20.00,{subscription.customer.code},,,"
    file = checked(brought("payments", statement(row))[0], now=timezone.now())
    imported(file, now=timezone.now())
    assert access_of(subscription).is_on


def test_a_batch_that_was_cut_off_goes_on_and_counts_what_it_did(ann, monkeypatch):
    for number in range(1, 6):
        make_customer(code=f"B-{number}")
    monkeypatch.setattr(running, "IMPORTED_AT_ONCE", 4)
    monkeypatch.setattr(payment_batches, "AT_ONCE", 1)
    file = preview("payments", statement(*(f"R{number},,10.00,B-{number},,," for number in range(1, 6))))
    receive, calls = payment_batches._receive, []

    def killed(*args, **how):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return receive(*args, **how)

    monkeypatch.setattr(payment_batches, "_receive", killed)
    with pytest.raises(KeyboardInterrupt):
        imported(file)
    file.refresh_from_db()
    assert (file.done, file.status, Payment.objects.count()) == (0, "importing", 2)
    file = worked(file)
    assert (file.done, file.status, Payment.objects.count()) == (5, "done", 5)
    assert outcomes(file) == ["new"] * 5


def test_rows_that_end_the_process_again_and_again_end_the_import(ann, monkeypatch):
    file = preview("payments", statement("R1,,10.00,C-000017,,,"))
    files.begin_import(file, by=None, now=NOW)
    monkeypatch.setattr(payment_batches, "receive", lambda *rows, **how: (_ for _ in ()).throw(SystemExit))
    for _ in range(3):
        with pytest.raises(SystemExit):
            running.carry_out(now=NOW)
    assert running.carry_out(now=NOW) is None
    file.refresh_from_db()
    assert (file.status, "ended the program" in file.error) == ("failed", True)


def test_payments_of_many_customers_take_few_statements(django_assert_max_num_queries):
    rows = []
    for number in range(12):
        customer = make_customer(code=f"B-{number}")
        owing(customer)
        rows.append(f"R{number},,20.00,B-{number},,,")
    file = preview("payments", statement(*rows))
    files.begin_import(file, by=None, now=NOW)
    with django_assert_max_num_queries(30):
        running.carry_out(now=NOW)
    assert Bill.objects.filter(status="paid").count() == 12
    assert sorted(Payment.objects.values_list("sequence", flat=True)) == list(range(1, 13))


def test_a_row_that_cannot_be_taken_sets_aside_only_itself(ann):
    """The other payments of its batch are taken, though PostgreSQL refuses them all with it."""
    for number in range(1, 5):
        owing(make_customer(code=f"B-{number}"))
    file = preview("payments", statement(*(f"R{number},,20.00,B-{number},,," for number in range(1, 5))))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER bad_row BEFORE INSERT ON billing_payment FOR EACH ROW WHEN (NEW.transaction_id = 'R3') "
            "EXECUTE FUNCTION billing_refuse()"
        )
    imported(file)
    assert outcomes(file) == ["new", "new", "refused", "new"]
    assert messages(file)[2] == "The database does not take it as it is. Check the row."
    assert sorted(Payment.objects.values_list("transaction_id", "sequence")) == [("R1", 1), ("R2", 2), ("R4", 3)]
    assert Bill.objects.filter(status="paid").count() == 3


def test_two_payments_of_one_bill_on_a_statement_are_both_taken(ann):
    """The first one pays the bill; the second names a bill that is paid by then, and is for what else is owed."""
    named, other = owing(ann, "20.00"), owing(ann, "30.00")
    number = named.number
    file = bring_in("payments", statement(f"R1,,20.00,,{number},,", f"R2,,20.00,,{number},,", "R3,,10.00,C-000017,,,"))
    assert outcomes(file) == ["new"] * 3
    named.refresh_from_db(), other.refresh_from_db()
    assert (named.status, other.status) == ("paid", "paid")


def test_a_bill_that_is_paid_between_check_and_deed_refuses_no_money(ann, monkeypatch):
    bill, other = owing(ann, "20.00"), owing(ann, "5.00")
    file = preview("payments", statement(f"R1,,20.00,,{bill.number},,"))
    monkeypatch.setattr(payment_batches, "receive", lambda *rows, **how: paid_at_the_desk())

    def paid_at_the_desk():
        payments.receive(customer=ann, amount=Decimal(20), method="cash", now=NOW, bill=bill)
        return set()

    assert outcomes(imported(file)) == ["new"]
    other.refresh_from_db()
    assert (other.status, Payment.objects.count()) == ("paid", 2)


def test_rows_that_were_checked_for_another_source_meanwhile_are_checked_again(ann):
    """Else a row that one bank sent before would count as there already for another bank."""
    row = statement("R1,,10.00,C-000017,,,")
    bring_in("payments", row)
    file = preview("payments", row)
    files.check(file, mapping=file.mapping, options=STATEMENT)
    before = files.next_file(now=NOW)
    files.check(file, mapping=file.mapping, options={**STATEMENT, "source": "bank"})
    assert running._check(before, NOW) == 0
    assert outcomes(worked(file)) == ["new"]


def test_a_cancelled_import_stops_at_the_next_rows(ann, monkeypatch):
    monkeypatch.setattr(running, "IMPORTED_AT_ONCE", 1)
    file = preview("payments", statement("R1,,10.00,C-000017,,,", "R2,,10.00,C-000017,,,"))
    files.begin_import(file, by=None, now=NOW)
    running.carry_out(now=NOW)
    files.cancel(file, now=NOW)
    assert running.carry_out(now=NOW) is None
    assert Payment.objects.count() == 1
    with pytest.raises(Refused, match="gone on meanwhile"):
        files.cancel(file, now=NOW)


def test_old_rows_are_forgotten_and_the_file_is_not(ann):
    file, left = bring_in("payments", statement("R1,,10.00,C-000017,,,")), preview("payments", statement("R2,,1,?,,,"))
    assert files.forget(before=NOW.replace(day=1)) == 0
    assert files.forget(before=NOW.replace(day=21)) == 2
    left.refresh_from_db()
    assert (left.status, file.rows.count(), Payment.objects.count()) == ("cancelled", 0, 1)
