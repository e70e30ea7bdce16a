"""Amounts, days and names of columns as other people write them."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from billing.rules import cells
from billing.rules.errors import Refused


@pytest.mark.parametrize(
    ("cell", "decimals", "amount"),
    [
        ("25", ".", "25"),
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234,50 €", ",", "1234.50"),
        ("USD 20.00", ".", "20.00"),
        ("-20.00", ".", "-20.00"),
        ("20.00-", ".", "-20.00"),
        ("(20.00)", ".", "-20.00"),
        ("20.00 DR", ".", "-20.00"),
        ("Rs. 500", ".", "500"),
        ("+20", ".", "20"),
        ("-$20.50", ".", "-20.50"),
        ("1,00,000.00", ".", "100000"),
        ("1'234.50", ".", "1234.50"),
        (1234.5, ",", "1234.5"),  # a number of a workbook has no sign that could be mistaken
        (20, ".", "20"),
        (0.1 + 0.2, ".", "0.3"),  # as a spreadsheet program shows it
        (-1234567.89, ".", "-1234567.89"),
    ],
)
def test_amounts_are_read_however_they_are_written(cell, decimals, amount):
    assert cells.amount(cell, decimals) == Decimal(amount)


@pytest.mark.parametrize("cell", ["", "free", "1.2.3,4", "=1+1", "1,50", "C-17", "12%", "1.5e3", "5 of 6"])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(Refused, match="is not an amount"):
        cells.amount(cell)


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("2026-05-04", "dmy", date(2026, 5, 4)),
        ("2026-05-04 10:15:00", "mdy", date(2026, 5, 4)),
        ("04/05/2026", "dmy", date(2026, 5, 4)),
        ("04/05/2026 23:59", "mdy", date(2026, 4, 5)),
        ("4.5.26", "dmy", date(2026, 5, 4)),
        ("20260504", "dmy", date(2026, 5, 4)),
        ("04 May 2026", "mdy", date(2026, 5, 4)),
        ("04-MAY-26", "mdy", date(2026, 5, 4)),
        ("May 4, 2026", "dmy", date(2026, 5, 4)),
        ("0000-00-00 00:00:00", "dmy", None),
        ("", "dmy", None),
    ],
)
def test_days_are_read_however_they_are_written(cell, order, day):
    assert cells.day(cell, order) == day


@pytest.mark.parametrize("cell", ["soon", "31/02/2026", "5", "13 Foo 2026"])
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(Refused, match="is not a date"):
        cells.day(cell)


def test_the_usual_way_of_writing_is_told_from_examples():
    assert cells.usual_decimals(["1.234,50", "20,00", "7"]) == ","
    assert cells.usual_decimals(["1,234.50", "20"]) == "."
    assert cells.usual_order(["01/02/2026", "05/31/2026"]) == "mdy"
    assert cells.usual_order(["01/02/2026", "31/05/2026"]) == "dmy"


def test_columns_are_known_by_their_names():
    names = {"amount": ("amount", "paid in"), "reference": ("receipt no",), "phone": ("phone", "msisdn")}
    head = ["Receipt No.", "Paid In", "Withdrawn", "MSISDN"]
    assert cells.guessed(head, names) == {"amount": 1, "reference": 0, "phone": 3}
    assert cells.guessed(["Amount (USD)", "Customer's phone"], names) == {"amount": 0, "phone": 1}
    assert cells.guessed(["a", "b"], names) == {}


def test_what_an_export_made_harmless_comes_back_as_it_was():
    assert cells.text("'=1+1") == "=1+1"
    assert cells.text("'+880171") == "+880171"
    assert cells.text("'s Gravenhage") == "'s Gravenhage"
    assert cells.text(20.0) == "20"


def test_cells_of_workbooks_are_texts_and_numbers():
    day, instant = datetime.fromisoformat("2026-05-04"), datetime.fromisoformat("2026-05-04T10:15")
    plain = [None, True, 5, 2.5, day, instant, date(2026, 5, 4), " a\x00b "]
    assert [cells.plain(cell) for cell in plain] == [
        "", "yes", 5, 2.5, "2026-05-04", "2026-05-04 10:15:00", "2026-05-04", "ab",
    ]  # fmt: skip
