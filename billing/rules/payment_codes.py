"""What a QR code for paying a bill says, and to which accounts one can be made."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from string import Formatter
from urllib.parse import quote, urlencode

from billing.rules.errors import Refused

MOST_EPC = Decimal("999999999.99")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_UPI = re.compile(r"[A-Za-z0-9.\-_]{2,256}@[A-Za-z][A-Za-z0-9.\-]{1,63}")
_FIELDS = {"number", "amount", "currency", "customer"}


class Kind(StrEnum):
    """The standards of such codes: of the European banks, of India's UPI, and any text."""

    NONE = "none"
    EPC = "epc"
    UPI = "upi"
    TEXT = "text"


def check(kind: str, account: str, currency: str) -> None:
    """See that codes of ``kind`` can be made for ``account``.

    Raises:
        Refused: the account is not one of that kind, or the currency is not one that it takes.
    """
    if kind == Kind.EPC:
        _check_currency(kind, currency, "EUR")
        check_iban(account)
    elif kind == Kind.UPI:
        _check_currency(kind, currency, "INR")
        if not _UPI.fullmatch(account):
            raise Refused("“{account}” is not a UPI address, such as name@bank.", account=account)
    elif kind == Kind.TEXT:
        _check_text(account)


def _check_currency(kind: str, currency: str, needed: str) -> None:
    if currency != needed:
        raise Refused(
            "Codes of the kind {kind} are for {needed}, but this installation works in {currency}.",
            kind=kind,
            needed=needed,
            currency=currency,
        )


def check_iban(account: str) -> None:
    """See that ``account`` is an IBAN, with or without spaces.

    Raises:
        Refused: it is none, or its check digits are wrong.
    """
    iban = account.replace(" ", "").upper()
    if not _IBAN.fullmatch(iban):
        raise Refused("“{account}” is not an IBAN.", account=account)
    digits = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    if int(digits) % 97 != 1:
        raise Refused("The check digits of the IBAN “{account}” are wrong.", account=account)


def _check_text(account: str) -> None:
    if not account:
        raise Refused("It is empty.")
    try:
        names = {name for _, name, _, _ in Formatter().parse(account) if name is not None}
    except ValueError as error:
        raise Refused("“{account}” has a brace too many or too few.", account=account) from error
    if unknown := names - _FIELDS:
        raise Refused(
            "“{{{min}}}” is not known. Use {value}.",
            min=min(unknown),
            value=", ".join(f"{{{name}}}" for name in sorted(_FIELDS)),
        )


def upi(account: str, *, name: str, amount: Decimal, number: str) -> str:
    """The address that opens an UPI application with the payment filled in."""
    query = {"pa": account, "pn": name, "am": f"{amount:.2f}", "cu": "INR", "tr": number, "tn": number}
    return "upi://pay?" + urlencode(query, quote_via=quote)


def text(account: str, *, amount: Decimal, currency: str, number: str, customer: str) -> str:
    """``account`` with the names in braces filled in; in an address the values are written as addresses want it."""
    values = {"amount": str(amount), "currency": currency, "number": number, "customer": customer}
    if "://" in account:
        values = {name: quote(value, safe="") for name, value in values.items()}
    return account.format(**values)
