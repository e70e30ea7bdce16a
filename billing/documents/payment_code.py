"""How a bill can be paid: the account as text, and a QR code that fills the payment in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import segno
from django.conf import settings
from segno import helpers

from billing.models import Bill
from billing.rules import payment_codes
from billing.rules.money import rounded
from billing.rules.payment_codes import Kind


@dataclass(frozen=True)
class WayToPay:
    """``account`` is printed; ``code`` is the picture's data address, empty when no code is wanted or possible."""

    account: str
    code: str


def way_to_pay(bill: Bill) -> WayToPay | None:
    """How what is left of ``bill`` can be paid; None when nothing is, or when there is nothing to tell."""
    kind, account = settings.PAYMENT_QR, settings.PAYMENT_ACCOUNT
    if not account or bill.outstanding <= 0:
        return None
    amount = rounded(bill.outstanding, bill.currency)
    code = None if kind == Kind.NONE else _code(kind, account, bill, amount)
    shown = _text(account, bill, amount) if kind == Kind.TEXT else account
    return WayToPay(shown, code.svg_data_uri(scale=4, border=1) if code else "")


def _code(kind: str, account: str, bill: Bill, amount: Decimal) -> segno.QRCode | None:
    number = str(bill)
    if kind == Kind.EPC:
        if bill.currency != "EUR" or amount > payment_codes.MOST_EPC:
            return None
        name = bill.seller_name[:70]
        return helpers.make_epc_qr(name=name, iban=account.replace(" ", "").upper(), amount=amount, text=number)
    if kind == Kind.UPI:
        if bill.currency != "INR":
            return None
        return segno.make_qr(payment_codes.upi(account, name=bill.seller_name, amount=amount, number=number), error="m")
    return segno.make_qr(_text(account, bill, amount), error="m")


def _text(account: str, bill: Bill, amount: Decimal) -> str:
    return payment_codes.text(
        account, amount=amount, currency=bill.currency, number=str(bill), customer=bill.customer_code
    )
