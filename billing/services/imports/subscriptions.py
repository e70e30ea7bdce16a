"""Subscriptions, known again by their login, with what is paid for already and the balances they bring along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.models import Customer, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import clock, opening, subscriptions, wording
from billing.services.imports import keys, network_columns
from billing.services.imports.network_columns import NetworkColumns, Wanted
from billing.services.imports.values import Field, Found, Importer, Outcome, Values, found_by
from billing.words import gettext_noop

FIELDS = (
    Field("login", gettext_noop("Login"), ("username", "user name", "pppoe login"), True, "ann-home"),
    Field(
        "customer", gettext_noop("Customer code"), ("customer code", "customer id", "account", "code"), True, "C-000017"
    ),
    Field(
        "plan",
        gettext_noop("Plan"),
        ("plan code", "plan name", "tariff", "tariff plan", "package", "groupname"),
        True,
        "home-10",
    ),
    Field("starts_on", gettext_noop("Starts on"), ("start date", "start", "activated on"), example="2025-03-01"),
    Field(
        "paid_until",
        gettext_noop("Paid until"),
        ("expiration", "expires on", "expiry date", "valid until"),
        example="2026-05-31",
    ),
    Field("ends_on", gettext_noop("First day without it"), ("end date", "end"), example="2027-01-01"),
    Field("status", gettext_noop("State"), ("state", "service status"), example="active"),
    Field("balance", gettext_noop("Opening balance"), ("balance owed", "debt", "outstanding"), example="25.00"),
    *network_columns.FIELDS,
)
ON = {"", "active", "enabled", "on", "yes", "1", "online", "new", "off", "expired"}
DISABLED = {"disabled", "blocked", "suspended", "paused", "banned", "no", "0"}
ENDED = {"ended", "stopped", "terminated", "cancelled", "canceled", "inactive", "archived", "deleted"}
LONGEST_GAP = timedelta(days=31)  # since it was paid for; what is older has ended, in truth


class Subscriptions(Importer):
    """Subscriptions are opened. Of those that are there only what they have in the network is changed, nothing else."""

    def found(self, rows: Sequence[Values]) -> list[Found]:
        """What each row is to do."""
        self._today = clock.local_date(self.now)
        logins, codes = [row.text("login") for row in rows], [row.text("customer") for row in rows]
        known = Subscription.objects.filter(login__in=logins).select_related("plan", "customer")
        self._known = {one.login: one for one in known}
        self._network = NetworkColumns(rows, self._known.values())
        self._customers = {one.code: one for one in Customer.objects.filter(code__in=codes)}
        self._plans = plans_by_name()
        self._taken = opening.taken([_balance_key(row) for row in rows if row.has("balance")])
        return found_by(self._of, rows)

    def _of(self, row: Values) -> Found:
        login, state = row.text("login"), row.text("status").casefold()
        if not login:
            raise Refused("A subscription needs a login.")
        if state in ENDED:
            return Found(Outcome.LEFT_OUT, _("It has ended."))
        if state not in ON | DISABLED:
            raise Refused("“{text}” is not a state. Write active, disabled or ended.", text=row.text("status"))
        customer, plan, balance = self._customer(row), self._plan(row), row.balance()
        brought = None if not balance or _balance_key(row) in self._taken else balance
        if known := self._known.get(login):
            _check_is(known, customer, plan)
            return self._again(known, row, brought, self._network.wanted(row, known))
        starts_on, paid_until = self._days(row)
        if (row.day("paid_until") or self._today) < self._today - LONGEST_GAP:
            return Found(Outcome.LEFT_OUT, _("It was paid for until {value} only.").format(value=row.day("paid_until")))
        subscriptions.check_sold(plan, starts_on)
        wanted = self._network.wanted(row, None)
        told = [
            _("{plan} of {customer}, billed from {paid_until} on").format(
                plan=plan, customer=customer, paid_until=paid_until + timedelta(days=1) if paid_until else starts_on
            )
        ]
        told += [_("opening balance {balance}").format(balance=wording.money(balance))] if balance else []
        told += [_("disabled")] if state in DISABLED else []
        told += wanted.told()
        new = {
            "customer": customer,
            "plan": plan,
            "login": login,
            "starts_on": starts_on,
            "ends_on": row.day("ends_on"),
            "paid_until": paid_until,
            "disabled": _("Disabled when it was imported") if state in DISABLED else "",
        }
        return Found(Outcome.NEW, "; ".join(told), lambda: self._open(row, new, brought, wanted), login, balance)

    def _again(self, known: Subscription, row: Values, balance: Decimal | None, wanted: Wanted) -> Found:
        told = [_("opening balance {balance}").format(balance=wording.money(balance))] if balance else []
        if told := told + wanted.told():
            act = partial(self._bring, known, row, balance, wanted)
            return Found(Outcome.CHANGED, "; ".join(told), act, known.login, balance)
        return Found(Outcome.SAME, "", key=known.login)

    def _open(self, row: Values, new: dict[str, Any], balance: Decimal | None, wanted: Wanted) -> None:
        subscription = subscriptions.open_subscription(**new, now=self.now, by=self.by)
        self._bring(subscription, row, balance, wanted)

    def _bring(self, subscription: Subscription, row: Values, balance: Decimal | None, wanted: Wanted) -> None:
        if balance:
            key = _balance_key(row)
            opening.take(customer=subscription.customer, balance=balance, request_key=key, now=self.now, by=self.by)
        wanted.set_for(subscription)

    def _days(self, row: Values) -> tuple[date, date | None]:
        """The first day, and the last that is paid for."""
        starts_on, paid_until = row.day("starts_on"), row.day("paid_until")
        first = paid_until + timedelta(days=1) if paid_until else self._today
        starts_on = starts_on or min(first, self._today)
        return starts_on, paid_until if paid_until and paid_until >= starts_on else None

    def _customer(self, row: Values) -> Customer:
        code = row.text("customer")
        if code not in self._customers:
            raise Refused("There is no customer with the code “{code}”. Import the customers first.", code=code)
        return self._customers[code]

    def _plan(self, row: Values) -> Plan:
        name = row.text("plan")
        if name.casefold() not in self._plans:
            raise Refused("There is no plan “{name}”. Import the plans first, or correct its code or name.", name=name)
        return self._plans[name.casefold()]


def _check_is(known: Subscription, customer: Customer, plan: Plan) -> None:
    """Raise Refused when the login that is there is another subscription than that of the file."""
    if known.customer_id != customer.pk:
        raise Refused(
            "The login {known} is of customer {customer} already. Correct one of the two.",
            known=known,
            customer=known.customer.code,
        )
    if known.plan_id != plan.pk:
        raise Refused(
            "{known} has the plan {plan}. Change the plan on the page of the subscription.",
            known=known,
            plan=known.plan,
        )


def plans_by_name() -> dict[str, Plan]:
    """Each plan by its code, and by its name when no other has it."""
    found = {plan.code.casefold(): plan for plan in Plan.objects.all()}
    names: dict[str, list[Plan]] = {}
    for plan in found.values():
        names.setdefault(plan.name.casefold(), []).append(plan)
    return {name: plans[0] for name, plans in names.items() if len(plans) == 1} | found


def _balance_key(row: Values) -> UUID:
    return keys.of("opening balance", "subscription", row.text("login"))
