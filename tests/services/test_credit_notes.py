"""Corrections, goodwill and write-offs (rules M4, M6, M8, M9, M11)."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import CreditNote, TaxRate
from billing.services import bills, credit_notes, items, payments
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import balance, credit, is_online, last_bill, notes, owed, pay, reasons, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)
NOW = at("2026-04-05")


def billed(price="30.00", *, inclusive=False, percent=None, item=None):
    """A bill of 1 April over a month and maybe an item."""
    rate = TaxRate.objects.create(name="VAT", percent=percent, inclusive=inclusive) if percent else None
    subscription = make_subscription(plan=make_plan(price=Decimal(price), tax_rate=rate), starts_on=APRIL)
    if item:
        items.add(
            customer=subscription.customer,
            description="Item",
            amount=Decimal(item),
            tax_rate=rate,
            now=at("2026-04-01"),
        )
    return subscription, issue_next(subscription, now=at("2026-04-01"))


def correct(bill, *amounts, **how):
    """Correct the bill: all that is left, or an amount for each of its lines."""
    wanted = dict(zip(bill.lines.order_by("pk").values_list("pk", flat=True), map(Decimal, amounts), strict=False))
    return credit_notes.correct(bill=bill, reason="Wrong", now=NOW, amounts=wanted or None, **how)


def give(customer, amount, **how):
    return credit_notes.give(customer=customer, amount=Decimal(amount), reason="Sorry", now=NOW, **how)


def write_off(bill, reason="Never came back"):
    return credit_notes.write_off(bill=bill, reason=reason, now=NOW)


def test_m11_a_correction_of_an_unpaid_bill_pays_it():
    subscription, bill = billed(percent=20)
    note = correct(bill)
    bill.refresh_from_db()
    assert (note.net, note.tax, note.total, note.credit) == (30, 6, 36, 0)
    assert (bill.status, bill.credited, balance(subscription.customer)) == ("paid", 36, 0)


def test_m6_a_correction_of_a_paid_bill_is_credit_for_the_next():
    subscription, bill = billed()
    pay(subscription.customer, "30", "2026-04-01")
    correct(bill, "12")
    assert credit(subscription.customer) == 12
    issue_next(subscription, now=at("2026-05-01"))
    assert owed(subscription.customer) == [18]


def test_m6_a_correction_pays_its_own_bill_before_an_older_one():
    subscription, older = billed()
    newer = issue_next(subscription, now=at("2026-05-01"))
    correct(newer, "10")
    assert owed(subscription.customer) == [30, 20]
    correct(newer)
    assert owed(subscription.customer) == [30]
    correct(older)
    assert owed(subscription.customer) == []


@pytest.mark.parametrize(
    ("price", "percent", "inclusive", "parts"),
    [
        ("29.99", "23.33", False, ["10.00", "10.00", "9.99"]),
        ("29.99", "23.33", True, ["10.00", "10.00", "9.99"]),
        ("0.05", "10", False, ["0.01", "0.01", "0.01", "0.01", "0.01"]),
        ("0.05", "10", True, ["0.01", "0.01", "0.01", "0.01", "0.01"]),
        ("99.99", "7.7", True, ["33.33", "33.33", "33.33"]),
        ("10.00", "33.3333", False, ["3.33", "3.33", "3.34"]),
    ],
)
def test_m4_parts_of_a_bill_add_up_to_it_exactly(price, percent, inclusive, parts):
    subscription, bill = billed(price, percent=percent, inclusive=inclusive)
    written = [correct(bill, part) for part in parts]
    assert sum(note.net for note in written) == bill.net
    assert sum(note.tax for note in written) == bill.tax
    assert sum(note.total for note in written) == bill.total
    assert balance(subscription.customer) == 0


def test_m4_lines_are_corrected_one_by_one():
    _, bill = billed("19.99", percent=20, item="49.99")
    assert correct(bill, "0.99", "9.99").total == Decimal("13.18")  # 20 % of 10.98 are 2.196
    rest = correct(bill)
    assert [line.amount for line in rest.lines.order_by("pk")] == [19, 40]
    assert Decimal("13.18") + rest.total == bill.total


def test_m11_no_more_is_credited_than_is_left():
    _, bill = billed()
    correct(bill, "10")
    with refused("Only 20.00 is left to credit of “Home"):
        correct(bill, "20.01")
    correct(bill)
    with refused(f"Nothing is left to credit of bill {bill}"):
        correct(bill)
    with refused("Only 0.00 is left"):
        correct(bill, "0.01")


@pytest.mark.parametrize(
    ("amount", "message"),
    [("0", "above zero"), ("-1", "above zero"), ("1.001", "too many decimals"), ("NaN", "above zero")],
)
def test_amounts_that_cannot_be_are_refused(amount, message):
    subscription, bill = billed()
    with refused(message):
        correct(bill, amount)
    with refused(message):
        give(subscription.customer, amount)


def test_a_correction_needs_a_reason_a_line_of_the_bill_and_a_bill_that_stands():
    (_, bill), (_, other_bill) = billed(), billed()
    with refused("Say why"):
        credit_notes.correct(bill=bill, reason=" ", now=NOW)
    with refused(f"not on bill {bill}"):
        credit_notes.correct(bill=bill, reason="x", now=NOW, amounts={other_bill.lines.get().pk: Decimal(1)})
    bills.void(bill=bill, reason="Twice", now=NOW)
    for deed in (correct, write_off):
        with refused(f"Bill {bill} is (void|not open)"):
            deed(bill)


def test_e1_a_bill_that_is_credited_in_full_cuts_nobody_and_brings_access_back():
    subscription, bill = billed()
    run("2026-04-16")
    assert reasons(subscription) == ["unpaid"]
    credit_notes.correct(bill=bill, reason="Never installed", now=at("2026-04-17"))
    assert is_online(subscription)


def test_m6_goodwill_pays_the_oldest_bill_then_the_next_ones():
    subscription, _ = billed()
    note = give(subscription.customer, "45")
    assert (note.bill, note.tax, owed(subscription.customer)) == (None, 0, [])
    issue_next(subscription, now=at("2026-05-01"))
    assert owed(subscription.customer) == [15]


def test_m11_a_write_off_gives_up_what_is_left_to_pay():
    subscription, bill = billed(percent=20)
    pay(subscription.customer, "6", "2026-04-02")
    note = write_off(bill)
    bill.refresh_from_db()
    assert (note.total, bill.status, balance(subscription.customer)) == (30, "paid", 0)
    with refused(f"Bill {bill} is not open: there is nothing to write off"):
        write_off(bill)


def test_m11_a_write_off_needs_a_reason():
    _, bill = billed()
    with refused("Say why"):
        write_off(bill, reason="")


def test_m11_of_a_bill_that_was_written_off_only_the_paid_part_is_credited():
    subscription, bill = billed(percent=20)
    pay(subscription.customer, "12", "2026-04-02")
    write_off(bill)
    with refused(f"Only 12.00 is left to credit of bill {bill}: a part was written off"):
        correct(bill)
    assert correct(bill, "10").total == 12
    assert credit(subscription.customer) == 12


def test_e7_a_write_off_brings_access_back():
    subscription, bill = billed()
    run("2026-04-16")
    credit_notes.write_off(bill=bill, reason="A friend", now=at("2026-04-17"))
    assert is_online(subscription)


def test_m9_the_same_request_again_gives_the_same_note_and_one_effect():
    subscription, bill = billed()
    key, other = uuid4(), uuid4()
    assert correct(bill, "10", request_key=key) == correct(bill, "10", request_key=key)
    assert give(subscription.customer, "5", request_key=other) == give(subscription.customer, "5", request_key=other)
    assert notes(subscription.customer) == ["correction 10.00", "goodwill 5.00"]


def test_m9_the_same_key_with_another_body_is_refused():
    subscription, bill = billed()
    key, stranger = uuid4(), make_customer()
    give(subscription.customer, "5", request_key=key)
    for attempt in (
        lambda: give(subscription.customer, "6", request_key=key),
        lambda: give(stranger, "5", request_key=key),
        lambda: correct(bill, "5", request_key=key),
    ):
        with refused("already used for credit note CN000001. Start a new one"):
            attempt()
    other = uuid4()
    correct(bill, "5", request_key=other)
    with refused("already used for credit note CN000002"):
        correct(bill, "6", request_key=other)


def test_m10_numbers_are_a_series_of_their_own():
    subscription, bill = billed()
    correct(bill, "1")
    with refused("above zero"):
        give(subscription.customer, "0")
    give(subscription.customer, "1")
    assert list(CreditNote.objects.order_by("pk").values_list("number", flat=True)) == ["CN000001", "CN000002"]


def test_b10_the_last_bill_is_voided_and_its_period_billed_again():
    subscription, bill = billed()
    bills.void(bill=bill, reason="Wrong plan", now=NOW)
    assert balance(subscription.customer) == 0
    again = issue_next(subscription, now=NOW)
    assert again.lines.get().period == bill.lines.get().period
    assert again.number == "B000002"


def test_b10_a_voided_bill_gives_its_items_back():
    subscription, bill = billed(item="5")
    bills.void(bill=bill, reason="Wrong plan", now=NOW)
    assert issue_next(subscription, now=NOW).total == 35


def test_b10_only_the_last_bill_is_voided():
    subscription, first = billed()
    second = issue_next(subscription, now=at("2026-05-01"))
    with refused("A later period of .* is billed or skipped already. Issue a credit note instead"):
        bills.void(bill=first, reason="Wrong", now=NOW)
    bills.void(bill=second, reason="Wrong", now=NOW)
    bills.void(bill=first, reason="Wrong", now=NOW)
    assert balance(subscription.customer) == 0


def test_b10_a_bill_that_is_paid_credited_or_void_is_not_voided():
    (_, part_paid), (_, credited), (_, void) = billed(), billed(), billed()
    pay(part_paid.customer, "1", "2026-04-02")
    correct(credited, "1")
    bills.void(bill=void, reason="Twice", now=NOW)
    for bill, message in (
        (part_paid, "is paid, in part at least. Reverse its payments first"),
        (credited, "has a credit note. Credit the rest of it instead"),
        (void, "is void already"),
    ):
        with refused(message):
            bills.void(bill=bill, reason="Wrong", now=NOW)


def test_b10_a_void_needs_a_reason_and_brings_access_back():
    subscription, bill = billed()
    run("2026-04-16")
    with refused("Say why the bill is voided"):
        bills.void(bill=bill, reason=" ", now=at("2026-04-17"))
    bills.void(bill=bill, reason="Wrong address", now=at("2026-04-17"))
    assert is_online(subscription)


def test_m7_a_payment_of_another_customers_bill_is_refused():
    (_, bill), stranger = billed(), make_customer()
    with refused("not an open bill of this customer"):
        payments.receive(customer=stranger, amount=Decimal(30), method="cash", now=NOW, bill=bill)
    assert last_bill(bill.customer).status == "open"
