"""Customers, with the balances that they bring along; known again by their code, else by name, phone, mail and id."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from billing.models import Area, Customer
from billing.rules.errors import Refused
from billing.rules.languages import LANGUAGES
from billing.services import customers, opening, wording
from billing.services.imports import keys
from billing.services.imports.values import Field, Found, Importer, Outcome, Values, chosen, found_by
from billing.words import gettext_noop

TEXTS = ("name", "phone", "email", "address", "tax_id", "national_id")
NUMBERS = ("due_days", "grace_days")
FIELDS = (
    Field(
        "code",
        gettext_noop("Code"),
        ("customer code", "customer id", "account", "account number", "id", "username"),
        example="C-000017",
    ),
    Field("name", gettext_noop("Name"), ("full name", "fullname", "customer name", "company"), True, "Ann Example"),
    Field(
        "phone",
        gettext_noop("Phone"),
        ("phone number", "mobile", "mobilephone", "telephone", "msisdn"),
        example="+1 555 0100",
    ),
    Field("email", gettext_noop("E-mail"), ("email", "e-mail address", "mail"), example="ann@example.com"),
    Field("address", gettext_noop("Address"), ("street", "street 1"), example="1 Main Street"),
    Field("area", gettext_noop("Area"), ("area name", "location", "zone", "city", "district"), example="North"),
    Field("tax_id", gettext_noop("Tax number"), ("vat id", "vat number", "gstin", "tin")),
    Field("national_id", gettext_noop("National id"), ("identification", "nid", "passport", "id number")),
    Field("language", gettext_noop("Language"), ("locale",), example="en"),
    Field("due_days", gettext_noop("Days to pay"), ("payment terms",), example="14"),
    Field("grace_days", gettext_noop("Days of grace"), ("grace period",), example="3"),
    Field(
        "balance",
        gettext_noop("Opening balance"),
        ("balance owed", "debt", "due amount", "outstanding"),
        example="25.00",
    ),
)


class Customers(Importer):
    """Customers are added, or changed where the file says something else; empty cells change nothing."""

    def found(self, rows: Sequence[Values]) -> list[Found]:
        """What each row is to do."""
        own = {row.row.pk: _key(row) for row in rows}
        known = Customer.objects.select_related("area")
        self._by_code = {one.code: one for one in known.filter(code__in=[row.text("code") for row in rows])}
        self._by_key = {one.request_key: one for one in known.filter(request_key__in=own.values())}
        self._areas = {area.name.casefold(): area for area in Area.objects.all()}
        self._taken = opening.taken([_balance_key(row) for row in rows if row.has("balance")])
        return found_by(lambda row: self._of(row, own[row.row.pk]), rows)

    def _of(self, row: Values, own: UUID) -> Found:
        code, values, balance = row.text("code"), _values(row), row.balance()
        is_taken = not balance or _balance_key(row) in self._taken
        brought = None if is_taken else balance
        key = code or str(own)
        if customer := self._by_code.get(code) if code else self._by_key.get(own):
            return self._change(customer, row, values, brought, key)
        if not row.has("name"):
            raise Refused("A customer needs a name.")
        _check(Customer(code=code or "new", created_at=self.now, **values))
        message = _("opening balance {balance}").format(balance=wording.money(balance)) if balance else ""
        return Found(Outcome.NEW, message, lambda: self._add(row, values, own, brought), key, balance)

    def _add(self, row: Values, values: dict[str, Any], own: UUID, balance: Decimal | None) -> None:
        customer = customers.register(
            code=row.text("code"), area=self._area(row), request_key=own, now=self.now, **values
        )
        self._take(customer, row, balance)

    def _change(
        self, customer: Customer, row: Values, values: dict[str, Any], balance: Decimal | None, key: str
    ) -> Found:
        changes = {name: value for name, value in values.items() if getattr(customer, name) != value}
        told = [f"{name}: {keys.shown(getattr(customer, name), value)}" for name, value in changes.items()]
        area = row.text("area")
        if area and area.casefold() != (customer.area.name.casefold() if customer.area else ""):
            told.append(_("area: {shown}").format(shown=keys.shown(customer.area, area)))
        if balance:
            told.append(_("opening balance {balance}").format(balance=wording.money(balance)))
        if not told:
            return Found(Outcome.SAME, "", key=key)
        for name, value in changes.items():
            setattr(customer, name, value)
        _check(customer)
        return Found(
            Outcome.CHANGED, "; ".join(told), lambda: self._write(customer, row, changes, balance), key, balance
        )

    def _write(self, customer: Customer, row: Values, changes: dict[str, Any], balance: Decimal | None) -> None:
        area = self._area(row)
        changes |= {"area": area} if area else {}
        if changes:
            customers.change(customer=customer, changes=changes)
        self._take(customer, row, balance)

    def _take(self, customer: Customer, row: Values, balance: Decimal | None) -> None:
        if balance:
            key = _balance_key(row)
            opening.take(customer=customer, balance=balance, request_key=key, now=self.now, by=self.by)

    def _area(self, row: Values) -> Area | None:
        name = row.text("area")
        if not name:
            return None
        if name.casefold() not in self._areas:
            self._areas[name.casefold()] = Area.objects.get_or_create(name=name)[0]
        return self._areas[name.casefold()]


def _values(row: Values) -> dict[str, Any]:
    """What the row says of the customer, without what is empty."""
    values: dict[str, Any] = {name: row.text(name) for name in TEXTS if row.has(name)}
    values |= {name: row.whole(name) for name in NUMBERS if row.has(name)}
    if row.has("language"):
        text = row.text("language")
        language = chosen(text, Customer._meta.get_field("language").flatchoices) or text.casefold()[:2]
        if language not in dict(LANGUAGES):
            raise Refused("Language: “{text}” is none of {dict}.", text=text, dict=", ".join(dict(LANGUAGES)))
        values["language"] = language
    return values


def _check(customer: Customer) -> None:
    try:
        customer.clean_fields(
            exclude=["area", "request_key", "code"] if customer.code == "new" else ["area", "request_key"]
        )
    except ValidationError as error:
        name, errors = next(iter(error.message_dict.items()))
        raise Refused("{replace}: {errors}", replace=name.replace("_", " ").capitalize(), errors=errors[0]) from error


def _key(row: Values) -> UUID:
    """What tells a customer of the file from the others."""
    if row.has("code"):
        return keys.of("customer", row.text("code"))
    return keys.of("customer", *(row.text(name) for name in ("name", "phone", "email", "national_id")))


def _balance_key(row: Values) -> UUID:
    return keys.of("opening balance", str(_key(row)))
