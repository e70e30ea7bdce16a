"""Whose a payment on a statement is: by code, bill number, what the payer wrote, and phone.

Each of them must lead to one customer; an amount never does alone, it only decides between customers of one phone.
What is not sure goes to the suspense list with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import Bill, Customer

DIGITS_OF_A_PHONE = 9  # the last ones, which no country or trunk prefix changes
SHORTEST_CODE = 3  # letters of a code within a longer text; a shorter one is there by chance

_BY_PHONE = r"""SELECT id, right(regexp_replace(phone, '\D', '', 'g'), 9) FROM billing_customer
    WHERE right(regexp_replace(phone, '\D', '', 'g'), 9) = ANY(%s) AND archived_at IS NULL"""


@dataclass(frozen=True)
class Clues:
    """What a row says about its payer."""

    code: str = ""
    bill: str = ""
    phone: str = ""
    text: str = ""
    amount: Decimal = Decimal(0)

    @property
    def names_somebody(self) -> bool:
        """Whether it has a code or a bill, not only a word such as “internet” where one is asked for."""
        return bool(re.search(r"\d", self.code + self.bill))

    @property
    def words(self) -> set[str]:
        """What of the text may be a code or a number: words with a digit in them, in capital letters."""
        said = f"{self.code} {self.bill} {self.text}"
        found = {word.strip("-/.").upper() for word in re.split(r"[\s,;:|#()]+", said)}
        return {word for word in found if len(word) >= SHORTEST_CODE and re.search(r"\d", word)}


@dataclass(frozen=True)
class Match:
    """The customer and perhaps the bill that a row names; without a customer ``why`` there is none."""

    customer: Customer | None = None
    bill: Bill | None = None
    why: str = ""
    by: str = ""


@dataclass
class Directory:
    """The customers whom any of some rows may name."""

    codes: dict[str, Customer] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)
    phones: dict[str, list[Customer]] = field(default_factory=dict)
    debts: dict[int, set[Decimal]] = field(default_factory=dict)

    def match(self, clues: Clues) -> Match:
        """Whose the payment is that ``clues`` are about."""
        named, bill = self.codes.get(clues.code.upper()), self.bills.get(clues.bill.upper())
        if named and bill and bill.customer_id != named.pk:
            return Match(
                why=_("Bill {bill} is of customer {customer}, but the code says {named}.").format(
                    bill=bill, customer=bill.customer.code, named=named.code
                )
            )
        if named or bill:
            return Match(named or bill.customer, bill, by="code" if named else _("bill number"))  # type: ignore[union-attr]
        if found := self._by_text(clues):
            return found
        return (None if clues.names_somebody else self._by_phone(clues)) or Match(why=_nothing(clues))

    def _by_text(self, clues: Clues) -> Match | None:
        words = clues.words
        bills = [self.bills[word] for word in words if word in self.bills]
        customers = {bill.customer_id: bill.customer for bill in bills}
        customers |= {self.codes[word].pk: self.codes[word] for word in words if word in self.codes}
        if len(customers) > 1:
            names = ", ".join(sorted(customer.code for customer in customers.values()))
            return Match(why=_("What the payer wrote names several customers: {names}.").format(names=names))
        if not customers:
            return None
        return Match(
            next(iter(customers.values())), bills[0] if len(bills) == 1 else None, by=_("text that the payer wrote")
        )

    def _by_phone(self, clues: Clues) -> Match | None:
        customers = self.phones.get(last_digits(clues.phone), [])
        if len(customers) > 1:
            owing = [one for one in customers if clues.amount in self.debts.get(one.pk, ())]
            if len(owing) != 1:
                return Match(
                    why=_("{customers} customers have the phone {phone}.").format(
                        customers=len(customers), phone=clues.phone
                    )
                )
            customers = owing
        return Match(customers[0], by="phone") if customers else None


def _nothing(clues: Clues) -> str:
    said = [
        _("no customer has the {name} {value}").format(name=name, value=value)
        for name, value in (("code", clues.code), ("phone", clues.phone))
        if value
    ]
    said += [_("there is no bill {bill}").format(bill=clues.bill)] if clues.bill else []
    if not said:
        return _("Nothing on the statement says whose it is.")
    reason = "; ".join(said)
    return f"{reason[0].upper()}{reason[1:]}."


def last_digits(phone: str) -> str:
    """What is compared of a phone number; empty when it is too short to be one."""
    digits = re.sub(r"\D", "", phone)
    return digits[-DIGITS_OF_A_PHONE:] if len(digits) >= 6 else ""


def directory(rows: Sequence[Clues]) -> Directory:
    """Everything that is needed to match ``rows``, in a few queries however many they are."""
    words: set[str] = set().union(*(clues.words for clues in rows)) if rows else set()
    codes = words | {clues.code.upper() for clues in rows} | {clues.code for clues in rows}
    numbers = words | {clues.bill.upper() for clues in rows if clues.bill}
    found = Directory(
        codes={one.code.upper(): one for one in Customer.objects.filter(code__in=codes - {""})},
        bills={
            bill.number.upper(): bill
            for bill in Bill.objects.filter(number__in=numbers).select_related("customer")
            if bill.number
        },
    )
    _add_phones(found, {last_digits(clues.phone) for clues in rows} - {""})
    return found


def _add_phones(found: Directory, phones: Collection[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BY_PHONE, [list(phones)])
        pairs = cursor.fetchall()
    customers = Customer.objects.in_bulk([pk for pk, _ in pairs])
    for pk, digits in pairs:
        found.phones.setdefault(digits, []).append(customers[pk])
    shared = [one.pk for several in found.phones.values() if len(several) > 1 for one in several]
    found.debts = debts(shared)


def debts(customer_ids: Iterable[int]) -> dict[int, set[Decimal]]:
    """By customer the amounts that would pay something exactly: each open bill, and all of them."""
    owed: dict[int, list[Decimal]] = {}
    for bill in Bill.objects.filter(customer__in=list(customer_ids), status=Bill.Status.OPEN):
        owed.setdefault(bill.customer_id, []).append(bill.outstanding)
    return {pk: {*amounts, sum(amounts, Decimal(0))} for pk, amounts in owed.items()}
