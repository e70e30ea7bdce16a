"""CSV that a spreadsheet program shows and does not run."""

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from billing.services import spreadsheets
from billing.services.spreadsheets import csv_text, write_xlsx


def cells(*row):
    return list(csv.reader(io.StringIO("".join(csv_text(["a"], [row])), newline="")))[1]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'])
def test_a_text_that_looks_like_a_formula_gets_a_quote_before_it(text):
    assert "".join(csv_text(["a"], [[text]])).split("\r\n", 1)[1].lstrip('"').startswith("'")


@pytest.mark.parametrize("text", ["Ann;=1+1", "Ann\t@SUM(A1)", "Ann\n-1", "＝1+1"])
def test_no_formula_stands_behind_a_sign_that_divides_cells_elsewhere(text):
    """Where semicolons divide the cells, “Ann;=1+1” is two of them."""
    [shown] = cells(text)
    assert not any(part.startswith(("=", "@", "-", "＝")) for part in re.split(r"[;\t\n]", shown))


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


def test_rows_come_as_they_are_made(monkeypatch):
    monkeypatch.setattr(spreadsheets, "LINES_AT_ONCE", 1)
    made = []
    text = csv_text(["a"], (made.append(number) or [str(number)] for number in range(3)))
    assert (next(text), made) == ("a\r\n", [])
    assert (next(text), made) == ("0\r\n", [0])


def test_instants_are_on_the_clocks_of_the_installation(settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    assert cells(datetime(2026, 3, 1, 20, 30, 15, 99, tzinfo=UTC), True, 7) == ["2026-03-02 02:30:15", "yes", "7"]


def test_a_workbook_has_numbers_and_dates_and_runs_no_formula(settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    file = io.BytesIO()
    instant = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    write_xlsx(["a"] * 7, [["=1+1", "-x", Decimal("12.5"), date(2026, 3, 1), instant, None, "\x01b"]], file)
    cells = list(openpyxl.load_workbook(file).active.iter_rows())[1]
    day = datetime.fromisoformat("2026-03-01")
    assert [cell.value for cell in cells] == [
        "=1+1", "-x", 12.5, day, datetime.fromisoformat("2026-03-02T02:30"), None, "b",
    ]  # fmt: skip
    assert {cell.data_type for cell in cells[:2]} == {"s"}
