"""CSV that a spreadsheet program shows and does not run."""

import csv
from datetime import date
from decimal import Decimal

import pytest

from billing.services.spreadsheets import csv_text


def cells(*row):
    return list(csv.reader(csv_text(["a"], [row])))[1]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'])
def test_a_text_that_looks_like_a_formula_gets_a_quote_before_it(text):
    assert "".join(csv_text(["a"], [[text]])).split("\r\n", 1)[1].lstrip('"').startswith("'")


def test_amounts_stay_numbers_also_below_zero():
    assert cells(Decimal("-12.500"), Decimal(7), date(2026, 3, 1), None, "a=b") == [
        "-12.50",
        "7.00",
        "2026-03-01",
        "",
        "a=b",
    ]


def test_amounts_have_the_decimals_of_the_currency(settings):
    settings.CURRENCY = "JPY"
    assert cells(Decimal("1200.000")) == ["1200"]


def test_rows_come_as_they_are_made():
    made = []
    text = csv_text(["a"], (made.append(number) or [str(number)] for number in range(3)))
    assert (next(text), made) == ("a\r\n", [])
    assert (next(text), made) == ("0\r\n", [0])
