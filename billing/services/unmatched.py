"""Money that nobody knows the customer of: kept on the suspense list until staff say whose it is, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Customer, ImportedFile, Payment, UnmatchedPayment
from billing.rules.errors import Refused
from billing.services import customer_search, locks, payments, texts, wording
from billing.services.imports import matching

MOST_SUGGESTIONS = 10


def new(
    *,
    source: str,
    reference: str,
    amount: Decimal,
    method: str,
    why: str,
    file: ImportedFile,
    now: datetime,
    by: Any,
    paid_on: date | None = None,
    payer: str = "",
    phone: str = "",
    text: str = "",
) -> UnmatchedPayment:
    """Money that nobody knows the customer of; not written yet."""
    return UnmatchedPayment(
        source=source,
        reference=reference,
        amount=amount,
        currency=settings.CURRENCY,
        method=method,
        paid_on=paid_on,
        payer=payer,
        phone=phone,
        text=text,
        why=why[:300],
        file=file,
        recorded_at=now,
        recorded_by=by,
    )


def record(rows: Sequence[UnmatchedPayment]) -> None:
    """Put money on the list; what is there already by its source and reference stays as it is."""
    UnmatchedPayment.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic(durable=True)
def resolve(*, item: UnmatchedPayment, customer: Customer, now: datetime, by: Any = None) -> Payment:
    """Make the money the payment of ``customer``, which everything follows from as from any payment.

    A second call for the same customer gives the payment of the first.

    Raises:
        Refused: it was refused, is the payment of another customer, or its reference was taken meanwhile.
    """
    locks.money(customer.pk)
    item = UnmatchedPayment.objects.select_for_update(of=["self"]).select_related("payment").get(pk=item.pk)
    if item.payment and item.payment.customer_id == customer.pk:
        return item.payment
    _check_open(item)
    taken = Payment.objects.filter(gateway=item.source, transaction_id=item.reference).first()
    if taken:
        raise Refused("Receipt {taken} has the same reference. Refuse this one as a repetition of it.", taken=taken)
    with wording.of_the_books():
        note = _("Paid on {paid_on}").format(paid_on=item.paid_on) if item.paid_on else ""
    new = payments.new(
        customer,
        item.amount,
        item.method,
        now=now,
        by=by,
        currency=item.currency,
        gateway=item.source,
        transaction_id=item.reference,
        note=note,
    )
    payment = payments.book(new, None, now=now, by=by)
    _close(item, now=now, by=by, payment=payment)
    return payment


@transaction.atomic(durable=True)
def refuse(*, item: UnmatchedPayment, reason: str, now: datetime, by: Any = None) -> UnmatchedPayment:
    """Close a row that is no payment of a customer, such as one that was sent back.

    Raises:
        Refused: no reason, or it was closed before.
    """
    item = UnmatchedPayment.objects.select_for_update(of=["self"]).select_related("payment").get(pk=item.pk)
    _check_open(item)
    refusal = texts.checked(reason, longest=200, missing=_("Say why it is no payment of a customer."))
    _close(item, now=now, by=by, refusal=refusal)
    return item


def _check_open(item: UnmatchedPayment) -> None:
    if item.payment:
        raise Refused(
            "It is the payment of customer {customer_code} already: receipt {payment}.",
            customer_code=item.payment.customer_code,
            payment=item.payment,
        )
    if item.closed_at:
        raise Refused("It was refused already: {refusal}", refusal=item.refusal)


def _close(item: UnmatchedPayment, *, now: datetime, by: Any, **how: Any) -> None:
    for name, value in {**how, "closed_at": now, "closed_by": by}.items():
        setattr(item, name, value)
    item.save(update_fields=[*how, "closed_at", "closed_by"])


def suggestions(item: UnmatchedPayment) -> list[Customer]:
    """Whose it may be: who has its phone, is named in its text, or is called like its payer."""
    clues = matching.Clues(phone=item.phone, text=f"{item.text} {item.payer}", amount=item.amount)
    directory = matching.directory([clues])
    found = [one for several in directory.phones.values() for one in several]
    found += [directory.codes[word] for word in clues.words if word in directory.codes]
    found += [directory.bills[word].customer for word in clues.words if word in directory.bills]
    called = [match.customer_id for match in customer_search.find(item.payer, limit=MOST_SUGGESTIONS)]
    found += Customer.objects.filter(pk__in=called)
    return list({one.pk: one for one in found}.values())[:MOST_SUGGESTIONS]
