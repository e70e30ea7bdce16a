"""How a document number is printed (rule M10)."""

from datetime import date

import pytest

from billing.rules.errors import Refused
from billing.rules.numbering import checked_prefix, printed

ISSUED_ON = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("value", "prefix", "expected"),
    [
        (7, "B", "B000007"),
        (1234567, "B", "B1234567"),
        (7, "{year}/", "2026/000007"),
        (7, "{year}{month}-", "202605-000007"),
        (7, "", "000007"),
    ],
)
def test_a_number_has_at_least_its_digits(value, prefix, expected):
    assert printed(value, prefix=prefix, digits=6, issued_on=ISSUED_ON) == expected


@pytest.mark.parametrize("prefix", ["B", "", "B-{year}-{month}-"])
def test_a_prefix_can_be(prefix):
    assert checked_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["{day}", "{}", "{year", "B}", "{{year}}"])
def test_a_prefix_that_cannot_be_printed_is_refused(prefix):
    with pytest.raises(Refused, match="only {year} and {month} are known"):
        checked_prefix(prefix)
