"""Payments of a statement of a bank or of mobile money: each becomes a payment once, or waits on the suspense list."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from billing.models import ImportedFile, Payment, UnmatchedPayment
from billing.rules.errors import Refused
from billing.rules.money import checked_amount
from billing.services import payment_batches, payments, unmatched, wording
from billing.services.imports import matching
from billing.services.imports.matching import Clues, Directory
from billing.services.imports.values import Field, Found, Importer, Outcome, Values, found_by
from billing.services.payment_batches import Wanted
from billing.words import gettext_noop

FIELDS = (
    Field(
        "amount",
        gettext_noop("Amount"),
        ("amount", "paid in", "credit", "credit amount", "received", "value", "sum"),
        True,
        "25.00",
    ),
    Field(
        "reference",
        gettext_noop("Reference of the transaction"),
        ("transaction id", "receipt no", "reference", "trx id", "txn id", "transaction reference", "end to end id"),
        example="QK7X1Z",
    ),
    Field(
        "paid_on",
        gettext_noop("Paid on"),
        ("date", "completion time", "booking date", "value date", "paid on", "time"),
        False,
        "2026-05-31",
    ),
    Field(
        "code",
        gettext_noop("Customer code"),
        ("customer code", "customer", "account no", "account", "payment code"),
        False,
        "C-000017",
    ),
    Field(
        "bill",
        gettext_noop("Bill number"),
        ("bill number", "invoice", "invoice number", "bill", "bill ref"),
        False,
        "B-000123",
    ),
    Field(
        "phone",
        gettext_noop("Phone"),
        ("phone", "msisdn", "mobile", "sender", "phone number", "from"),
        False,
        "+254 700 000 001",
    ),
    Field(
        "payer", gettext_noop("Payer"), ("payer", "name", "other party info", "payer name", "debtor name"), False, ""
    ),
    Field(
        "text",
        gettext_noop("What the payer wrote"),
        ("details", "description", "narration", "purpose", "remittance information", "message"),
        False,
        "Internet C-000017",
    ),
)
NOT_MONEY_IN = gettext_noop("It is no money in.")


class Statement(Importer):
    """How the rows of one statement become payments: ``source`` is whose statement it is."""

    def __init__(self, options: Mapping[str, Any], *, file: ImportedFile, now: datetime, by: Any) -> None:
        super().__init__(options, file=file, now=now, by=by)
        self.source, self.method = options["source"], options["method"]

    def found(self, rows: Sequence[Values]) -> list[Found]:
        """What each row is to do."""
        references = {row.row.pk: _reference(row) for row in rows}
        keys = list(references.values())
        taken = Payment.objects.filter(gateway=self.source, transaction_id__in=keys)
        self._taken = {payment.transaction_id: payment for payment in taken}
        waiting = UnmatchedPayment.objects.filter(source=self.source, reference__in=keys)
        self._waiting = {one.reference: one for one in waiting}
        clues = {row.row.pk: _clues(row) for row in rows}
        self._directory: Directory = matching.directory(list(clues.values()))
        return found_by(lambda row: self._of(row, references[row.row.pk], clues[row.row.pk]), rows)

    def _of(self, row: Values, reference: str, clues: Clues) -> Found:
        amount = row.amount("amount")
        if amount is None or amount <= 0:
            return Found(Outcome.LEFT_OUT, _(NOT_MONEY_IN), amount=amount)
        amount, paid_on = checked_amount(amount, settings.CURRENCY), row.day("paid_on")
        if len(reference) > 100:
            raise Refused("The reference is longer than 100 letters.")
        if earlier := self._earlier(reference, amount):
            return earlier
        match = self._directory.match(clues)
        key = f"{self.source} {reference}"
        if match.customer is None:
            waiting = self._unmatched(row, reference, amount, match.why)
            return Found(Outcome.SUSPENDED, match.why, lambda: unmatched.record([waiting]), key, amount, waiting)
        customer, how = match.customer, self._how(reference, paid_on)
        message = _("Payment of {customer} {customer_2}, known by the {by}").format(
            customer=customer.code, customer_2=customer.name, by=match.by
        )
        payment = payments.new(customer, amount, self.method, now=self.now, by=self.by, **how)
        wanted = Wanted(payment, match.bill)
        return Found(Outcome.NEW, message[:300], lambda: self._receive(wanted, how), key, amount, wanted)

    def together(self, found: Sequence[Found]) -> Collection[object]:
        """Take the payments that can be taken together, and put what is not matched on its list."""
        writes = [one.writes for one in found]
        unknown = [one for one in writes if isinstance(one, UnmatchedPayment)]
        wanted = [one for one in writes if isinstance(one, Wanted)]
        unmatched.record(unknown)
        return [*unknown, *payment_batches.receive(wanted, now=self.now, by=self.by)]

    def _earlier(self, reference: str, amount: Decimal) -> Found | None:
        """That the row was brought in before, or that its reference was used for another amount."""
        payment, waiting = self._taken.get(reference), self._waiting.get(reference)
        before = payment or waiting
        if before is None:
            return None
        if before.amount != amount:
            raise Refused(
                "The reference {reference} was used for {amount} before. "
                "Correct the amount, or give this row a reference of its own.",
                reference=reference,
                amount=wording.money(before.amount),
            )
        told = (
            _("It is receipt {payment} already.").format(payment=payment)
            if payment
            else _("It is on the suspense list already.")
        )
        return Found(Outcome.SAME, told, amount=amount)

    def _how(self, reference: str, paid_on: date | None) -> dict[str, Any]:
        note = _("Paid on {paid_on}").format(paid_on=paid_on) if paid_on else ""
        return {"gateway": self.source, "transaction_id": reference, "note": note}

    def _receive(self, wanted: Wanted, how: dict[str, Any]) -> None:
        """Take one alone; when its bill was paid meanwhile, the money is for the oldest one."""
        one = wanted.payment
        receive = partial(payments.receive, customer=one.customer, amount=one.amount, method=one.method, now=self.now)
        try:
            receive(by=self.by, bill=wanted.bill, **how)
        except payments.NotOpen:
            receive(by=self.by, **how)

    def _unmatched(self, row: Values, reference: str, amount: Decimal, why: str) -> UnmatchedPayment:
        return unmatched.new(
            source=self.source,
            reference=reference,
            amount=amount,
            method=self.method,
            paid_on=row.day("paid_on"),
            payer=row.text("payer", 120),
            phone=row.text("phone", 30),
            text=" ".join(filter(None, (row.text("code"), row.text("bill"), row.text("text"))))[:250],
            why=why,
            file=self.file,
            now=self.now,
            by=self.by,
        )


def _clues(row: Values) -> Clues:
    try:
        amount = row.amount("amount") or Decimal(0)
    except Refused:
        amount = Decimal(0)
    return Clues(row.text("code"), row.text("bill"), row.text("phone"), row.text("text"), amount)


def _reference(row: Values) -> str:
    """The reference of the row, or one made of all that the row says when the statement has none."""
    if row.has("reference"):
        return row.text("reference")
    said = json.dumps([row.row.cells, row.row.twin], ensure_ascii=False)
    return f"row-{sha256(said.encode()).hexdigest()[:32]}"
