"""Customers: register, find, archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from billing.models import Area, Customer
from billing.rules.errors import Refused
from billing.services import clock, locks, numbers, requests

SAME_BODY = (
    "name",
    "phone",
    "email",
    "address",
    "tax_id",
    "national_id",
    "language",
    "bill_per_subscription",
    "due_days",
    "grace_days",
    "area_id",
)


def register(
    *,
    name: str,
    now: datetime,
    code: str = "",
    phone: str = "",
    email: str = "",
    address: str = "",
    tax_id: str = "",
    national_id: str = "",
    area: Area | None = None,
    request_key: UUID | None = None,
    **terms: Any,
) -> Customer:
    """A new customer; without ``code`` the next one of the series is given.

    A second identical call with the same ``request_key`` gives the first one's customer.

    Args:
        terms: ``language``, ``bill_per_subscription``, ``due_days`` and ``grace_days``.

    Raises:
        Refused: no name, the code is taken, or a repeated key with another body.
    """
    if not name.strip():
        raise Refused("A customer needs a name.")
    customer = Customer(
        name=name.strip(),
        phone=phone.strip(),
        email=email.strip(),
        address=address.strip(),
        tax_id=tax_id.strip(),
        national_id=national_id.strip(),
        area=area,
        created_at=now,
        request_key=request_key,
        **terms,
    )
    return _registered(customer, code.strip())


def _registered(customer: Customer, wanted_code: str) -> Customer:
    try:
        return _register_once(customer, wanted_code)
    except IntegrityError as error:
        if earlier := _same_as_before(customer, wanted_code):
            return earlier
        raise Refused(
            "The customer code {customer} is taken. Choose another, or leave it empty.", customer=customer.code
        ) from error


@transaction.atomic(durable=True)
def _register_once(customer: Customer, wanted_code: str) -> Customer:
    if earlier := _same_as_before(customer, wanted_code):
        return earlier
    customer.code = wanted_code or _next_free_code(clock.local_date(customer.created_at))
    customer.save(force_insert=True)
    return customer


def _same_as_before(customer: Customer, wanted_code: str) -> Customer | None:
    """The customer that an earlier identical request made, or None."""
    earlier = requests.earlier(Customer, customer.request_key)
    if earlier and wanted_code not in ("", earlier.code):
        raise requests.used(earlier)
    return requests.answer(earlier, customer, SAME_BODY)


def _next_free_code(day: date) -> str:
    """The next code of the series that nobody was given by hand."""
    code = numbers.take("customer", on=day)[1]
    while Customer.objects.filter(code=code).exists():
        code = numbers.take("customer", on=day)[1]
    return code


@transaction.atomic(durable=True)
def change(*, customer: Customer, changes: Mapping[str, Any]) -> None:
    """Write what is to be changed of a customer's data, by the names of the columns."""
    row = locks.customer(customer.pk)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


def by_code(code: str) -> Customer:
    """The customer with this code.

    Raises:
        Refused: there is none.
    """
    try:
        return Customer.objects.get(code=code.strip())
    except Customer.DoesNotExist as error:
        raise Refused(
            "There is no customer with the code {code}. Check it in the list of customers.", code=code.strip()
        ) from error
