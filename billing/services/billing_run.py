"""The billing run: every period that is due, once, in batches (rules T6, B1, B4, B7, B8)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext
from psycopg2 import errorcodes

from billing.models import BillingState
from billing.rules.errors import Refused
from billing.services import billing_states, bills, clock, due_bills, late_fees, locks
from billing.services.due_bills import Due, Group
from billing.services.late_fees import LateFees
from billing.services.outlook import Outlook, Proposal
from billing.services.wording import counted, money
from billing.words import gettext_lazy as _

logger = logging.getLogger(__name__)

TOLD_EVERY = 10_000  # bills
MOST_NAMED = 5  # of the subscriptions that were set aside, in the summary
LOCK_WAIT = 5  # seconds for a customer whom somebody else has locked, at the end of the run
ARCHIVED = _("The customer is archived. Bring the customer back from the archive, or end the subscription.")
EXPLAINED = {
    errorcodes.EXCLUSION_VIOLATION: _(
        "Days of the period are on another bill already. Compare its bill lines with the day until which it is billed."
    ),
    errorcodes.NUMERIC_VALUE_OUT_OF_RANGE: _(
        "The amount is too large for a bill. Correct the price of the plan, or the items that wait."
    ),
}


@dataclass
class BillingRun:
    """What a run did; ``total`` is in the installation's currency.

    ``set_aside`` holds the reasons by subscription, ``locked`` the customers left to the next run.
    """

    bills: int = 0
    total: Decimal = Decimal(0)
    set_aside: dict[int, str] = field(default_factory=dict)
    locked: list[int] = field(default_factory=list)
    fees: LateFees = field(default_factory=LateFees)

    @property
    def summary(self) -> str:
        """Such as “1,000 bills issued, 20,000.00 USD in all; 1 subscription set aside: …”."""
        parts = [self.fees.summary] if self.fees.count else []
        parts.append(
            gettext("{counted} issued, {total} in all").format(
                counted=counted(self.bills, "bill"), total=money(self.total)
            )
        )
        if self.set_aside:
            named = [f"{key}: {reason}" for key, reason in islice(self.set_aside.items(), MOST_NAMED)]
            more = ["…"] if len(self.set_aside) > MOST_NAMED else []
            parts.append(
                gettext("{counted} set aside: {named}").format(
                    counted=counted(len(self.set_aside), "subscription"), named=" ".join([*named, *more])
                )
            )
        if self.locked:
            left = gettext("{counted} locked and left to the next run")
            parts.append(left.format(counted=counted(len(self.locked), "customer")))
        return "; ".join(parts)

    def add(self, batch: Batch) -> None:
        """Count what was committed, and tell it."""
        told = self.bills // TOLD_EVERY
        self.bills += batch.bills
        self.total += batch.total
        self.set_aside |= batch.set_aside
        if self.bills // TOLD_EVERY > told:
            logger.info("%s issued so far", counted(self.bills, "bill"))
        for subscription_id, reason in batch.set_aside.items():
            logger.error("Subscription %d is set aside, not billed: %s", subscription_id, reason)


class Order(NamedTuple):
    """What is to be billed: all that is due as of ``day``, of all ``customers`` or some."""

    now: datetime
    day: date
    customers: list[int] | None = None
    by: Any = None


@dataclass(frozen=True)
class Batch:
    """What one transaction did."""

    bills: int = 0
    total: Decimal = Decimal(0)
    set_aside: Mapping[int, str] = field(default_factory=dict)


def generate(*, now: datetime, limit: int, through: date | None = None) -> BillingRun:
    """Charge the late fees and issue every bill that are due as of ``now``, or as of the earlier day ``through``.

    Works in batches of ``limit`` customers, each its own transaction. A batch that fails is done
    one by one, and the bad subscription is set aside with its error until staff try again.
    Customers whose rows are locked are done at the end. Running it again, or twice at once,
    bills nothing twice.

    Raises:
        Refused: ``through`` is in the future.
    """
    today = clock.local_date(now)
    if through is not None and through > today:
        raise Refused(
            "{through} is in the future: bills are issued when they are due. Look ahead with a dry run.",
            through=through,
        )
    day = through or today
    fees = late_fees.charge(day=day, now=now, limit=limit)
    return _run(BillingRun(fees=fees), Order(now, day), limit)


def try_again(*, subscription_ids: Collection[int], now: datetime, by: Any = None) -> BillingRun:
    """Bill subscriptions that were set aside, as far as they are due; who fails again is set aside again."""
    states = BillingState.objects.filter(pk__in=subscription_ids).exclude(review="")
    customers = sorted(set(states.values_list("customer_id", flat=True)))
    states.update(review="", review_since=None)
    return _run(BillingRun(), Order(now, clock.local_date(now), customers, by), limit=len(customers))


def _run(run: BillingRun, order: Order, limit: int) -> BillingRun:
    for groups in due_bills.batches(order.day, limit, order.customers):
        _bill(run, order, groups)
    for groups in due_bills.batches(order.day, 1, order.customers):
        try:
            _bill(run, order, groups, wait=True)
        except OperationalError as error:
            if not locks.waited_too_long(error):
                raise
            run.locked += [group.customer_id for group in groups]
    return run


def _bill(run: BillingRun, order: Order, groups: Sequence[Group], *, wait: bool = False) -> None:
    try:
        run.add(_bill_batch(order, groups, wait=wait))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        for group in groups:
            _bill_without_the_bad(run, order, group, wait=wait)


def _bill_without_the_bad(run: BillingRun, order: Order, group: Group, *, wait: bool) -> None:
    """Bill one customer; when that fails, set aside the subscriptions that fail even alone, and bill the others."""
    if not _failure(run, order, group, wait=wait):
        return
    for row in due_bills.due_of([group]):
        if reason := _failure(run, order, group, wait=wait, alone=row.subscription_id):
            _set_aside(run, order, {row.subscription_id: reason})
    if reason := _failure(run, order, group, wait=wait):
        _set_aside(run, order, {row.subscription_id: reason for row in due_bills.due_of([group])})


def _failure(run: BillingRun, order: Order, group: Group, *, wait: bool, alone: int | None = None) -> str:
    """Why one customer cannot be billed; empty when it is done.

    With ``alone`` it is only tried, for that one of the customer's subscriptions, and taken back.
    """
    try:
        batch = _bill_batch(order, [group], wait=wait, alone=alone)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        return in_words(error)
    if alone is None:
        run.add(batch)
    return ""


@transaction.atomic(durable=True)
def _set_aside(run: BillingRun, order: Order, reasons: Mapping[int, str]) -> None:
    billing_states.set_aside(reasons, now=order.now)
    run.add(Batch(set_aside=reasons))


@transaction.atomic(durable=True)
def _bill_batch(order: Order, groups: Sequence[Group], *, wait: bool, alone: int | None = None) -> Batch:
    due, set_aside = _claim(groups, wait=wait, alone=alone)
    outlook = Outlook([row.subscription_id for row in due])
    lines = _lines(outlook, due, order.day, set_aside)
    items = due_bills.waiting_by_customer({line.service.customer_id for line in lines.values()})
    drafts = list(due_bills.put_together(due, lines, items, issued_on=clock.local_date(order.now)))
    if drafts:
        bills.issue(outlook, drafts, now=order.now, by=order.by)
    billing_states.set_aside(set_aside, now=order.now)
    if others := {row.subscription_id for row in due} - lines.keys() - set_aside.keys():
        billing_states.refresh(others)
    if alone is not None:
        connection.check_constraints()
        transaction.set_rollback(True)
    return Batch(len(drafts), sum((bill.totals.total for bill in drafts), Decimal(0)), set_aside)


def _claim(groups: Sequence[Group], *, wait: bool, alone: int | None) -> tuple[list[Due], dict[int, str]]:
    """Lock the customers of some groups; what is due of them now, and who of them is archived.

    Without ``wait`` a customer whom somebody else has locked is left out, and so is an archived one.
    """
    if wait:
        locks.wait_at_most(LOCK_WAIT)
    claimed = set(locks.customers([group.customer_id for group in groups], wait=wait))
    due = [row for row in due_bills.due_of(groups) if alone in (None, row.subscription_id)]
    archived = [row for row in due if wait and row.customer_id not in claimed]
    locks.access_states(claimed)
    return [row for row in due if row.customer_id in claimed], {row.subscription_id: ARCHIVED for row in archived}


def _lines(outlook: Outlook, due: Sequence[Due], day: date, set_aside: dict[int, str]) -> dict[int, Proposal]:
    """The oldest due period by subscription; who has none that can be billed is added to ``set_aside``."""
    lines = {}
    for row in due:
        try:
            line = due_bills.first_period(outlook, row.subscription_id, day)
        except Exception as error:
            set_aside[row.subscription_id] = in_words(error)
        else:
            if line is not None:
                lines[row.subscription_id] = line
    return lines


def in_words(error: Exception) -> str:
    """An error in one line for staff."""
    code = getattr(error.__cause__, "pgcode", "")
    return EXPLAINED.get(code) or str(error).partition("\n")[0] or type(error).__name__
