from decimal import Decimal

import pytest

from billing.rules import payment_codes
from billing.rules.errors import Refused

IBAN = "BE71 0961 2345 6769"


@pytest.mark.parametrize(
    ("kind", "account", "currency"),
    [
        ("none", "", "USD"),
        ("none", "Bank of somewhere, account 12", "USD"),
        ("epc", IBAN, "EUR"),
        ("epc", "gb82west12345698765432", "EUR"),
        ("upi", "fibrenet@okbank", "INR"),
        ("text", "bKash 01711-000000 {number}", "BDT"),
        ("text", "https://pay.example.net/{customer}/{number}?a={amount}&c={currency}", "USD"),
    ],
)
def test_accounts_that_can_be(kind, account, currency):
    payment_codes.check(kind, account, currency)


@pytest.mark.parametrize(
    ("kind", "account", "currency", "says"),
    [
        ("epc", IBAN, "USD", "are for EUR, but this installation works in USD"),
        ("epc", "12345", "EUR", "is not an IBAN"),
        ("epc", "BE71 0961 2345 6768", "EUR", "check digits"),
        ("epc", "BE17 0961 2345 6769", "EUR", "check digits"),
        ("upi", "fibrenet@okbank", "USD", "are for INR"),
        ("upi", "fibrenet", "INR", "is not a UPI address"),
        ("text", "", "USD", "It is empty"),
        ("text", "{", "USD", "a brace too many"),
        ("text", "{0}", "USD", "is not known. Use {amount}, {currency}, {customer}, {number}"),
        ("text", "{number.x}", "USD", "is not known"),
    ],
)
def test_accounts_that_cannot_be(kind, account, currency, says):
    with pytest.raises(Refused, match=says):
        payment_codes.check(kind, account, currency)


def test_an_upi_code_opens_the_application_with_the_payment_filled_in():
    assert payment_codes.upi("fibre@ok", name="Fibre & Net", amount=Decimal("20.5"), number="B1") == (
        "upi://pay?pa=fibre%40ok&pn=Fibre%20%26%20Net&am=20.50&cu=INR&tr=B1&tn=B1"
    )


def test_a_text_has_its_names_filled_in():
    values = {"amount": Decimal("20.00"), "currency": "BDT", "number": "B/1", "customer": "C 1"}
    assert payment_codes.text("bKash {customer} {number} {amount} {currency}", **values) == "bKash C 1 B/1 20.00 BDT"
    assert payment_codes.text("https://x.example/{customer}/{number}", **values) == "https://x.example/C%201/B%2F1"
