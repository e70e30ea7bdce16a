"""Customers: register, find, archive."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from billing.models import Area, Customer
from billing.rules.errors import Refused
from billing.services import numbers


@transaction.atomic(durable=True)
def register(
    *,
    name: str,
    now: datetime,
    code: str = "",
    phone: str = "",
    email: str = "",
    address: str = "",
    area: Area | None = None,
) -> Customer:
    """A new customer; without ``code`` the next one of the series is given.

    Raises:
        Refused: no name, or the code is taken.
    """
    if not name.strip():
        raise Refused("A customer needs a name.")
    customer = Customer(
        code=code.strip() or _next_free_code(),
        name=name.strip(),
        phone=phone.strip(),
        email=email.strip(),
        address=address.strip(),
        area=area,
        created_at=now,
    )
    try:
        with transaction.atomic():
            customer.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"The customer code {customer.code} is taken. Choose another, or leave it empty.") from error
    return customer


def _next_free_code() -> str:
    """The next code of the series that nobody was given by hand."""
    code = numbers.take("customer")[1]
    while Customer.objects.filter(code=code).exists():
        code = numbers.take("customer")[1]
    return code


def by_code(code: str) -> Customer:
    """The customer with this code.

    Raises:
        Refused: there is none.
    """
    try:
        return Customer.objects.get(code=code.strip())
    except Customer.DoesNotExist as error:
        raise Refused(
            f"There is no customer with the code {code.strip()}. Check it in the list of customers."
        ) from error
