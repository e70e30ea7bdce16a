"""The billing run: every period that is due, once, in batches (rules T6, B1, B4, B7, B8)."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import InterfaceError, OperationalError, connection, transaction

from billing.models import BillingState
from billing.rules.errors import Refused
from billing.services import billing_states, bills, clock, locks
from billing.services.drafts import BillDraft, draft, waiting_items
from billing.services.outlook import Outlook, Proposal

logger = logging.getLogger(__name__)

MOST_PERIODS = 36  # of one subscription in one run (rule B8)
TOLD_EVERY = 10_000  # bills

# One group is one customer and one due date: what stands on one bill (rule B4). Groups come in the
# order of the index, and what a batch moved on to a later date that is due as well comes after it.
_GROUPS = """
    SELECT DISTINCT bill_on, customer_id FROM billing_billingstate
    WHERE review = '' AND bill_on <= %s AND (bill_on, customer_id) > (%s, %s)
    ORDER BY bill_on, customer_id LIMIT %s
"""
_DUE = """
    SELECT state.customer_id, state.subscription_id, customer.bill_per_subscription
    FROM unnest(%s::date[], %s::bigint[]) AS claimed (bill_on, customer_id)
    JOIN billing_billingstate state ON state.customer_id = claimed.customer_id AND state.bill_on = claimed.bill_on
    JOIN billing_customer customer ON customer.id = state.customer_id
    WHERE review = ''
    ORDER BY state.customer_id, state.subscription_id
"""

Group = tuple[date, int]
START: Group = (date.min, 0)


@dataclass
class BillingRun:
    """What one run did; ``total`` is in the installation's currency."""

    bills: int = 0
    total: Decimal = Decimal(0)
    set_aside: dict[int, str] = field(default_factory=dict)
    locked: list[Group] = field(default_factory=list)
    behind: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def generate(*, now: datetime, limit: int, through: date | None = None) -> BillingRun:
    """Issue every bill that is due as of ``now``, or as of the earlier day ``through``.

    Works in batches of ``limit`` customers, each its own transaction. A batch that fails is done
    one by one, and the bad subscription is set aside with its error until staff try again.
    Customers whose rows are locked are done at the end. Running it again, or twice at once,
    bills nothing twice.
    """
    run, today = BillingRun(), clock.local_date(now)
    for groups in _batches(min(through or today, today), limit):
        _bill(run, groups, now=now, wait=False)
    for group in run.locked:
        _bill(run, [group], now=now, wait=True)
    return run


def try_again(*, subscription_id: int) -> None:
    """Let the next run look at a subscription again that was set aside."""
    BillingState.objects.filter(pk=subscription_id).update(review="")


def _batches(through: date, limit: int) -> Iterator[list[Group]]:
    after = START
    while groups := _groups(through, after, limit):
        batch = list(_until_a_customer_comes_again(groups))
        yield batch
        after = batch[-1]


def _groups(through: date, after: Group, limit: int) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [through, *after, limit])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def _until_a_customer_comes_again(groups: Iterable[Group]) -> Iterator[Group]:
    seen = set()
    for group in groups:
        if group[1] in seen:
            return
        seen.add(group[1])
        yield group


def _bill(run: BillingRun, groups: Sequence[Group], *, now: datetime, wait: bool) -> None:
    try:
        _bill_batch(run, groups, now=now, wait=wait)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        for group in groups:
            _bill_alone(run, group, now=now)


def _bill_alone(run: BillingRun, group: Group, *, now: datetime) -> None:
    """Bill the subscriptions of one customer one by one, and set aside those that cannot be billed."""
    for _, subscription_id, _ in _due([group]):
        try:
            _bill_batch(run, [group], now=now, wait=True, only=subscription_id)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            _set_aside(run, subscription_id, str(error).splitlines()[0])


@transaction.atomic(durable=True)
def _bill_batch(
    run: BillingRun, groups: Sequence[Group], *, now: datetime, wait: bool, only: int | None = None
) -> None:
    claimed = set(locks.customers([customer_id for _, customer_id in groups], wait=wait))
    due = [row for row in _due([group for group in groups if group[1] in claimed]) if only in (None, row[1])]
    locks.access_states(claimed)
    outlook, today = Outlook([subscription_id for _, subscription_id, _ in due]), clock.local_date(now)
    drafts = list(_drafts(outlook, due, today))
    lines = [proposal for bill in drafts for proposal in bill.proposals]
    _check_bounds(run, outlook, lines, today)
    if drafts:
        bills.issue(outlook, drafts, now=now)
    billed = {proposal.service.subscription_id for proposal in lines}
    if others := [subscription_id for _, subscription_id, _ in due if subscription_id not in billed]:
        billing_states.refresh(others)
    missed = [group for group in groups if group[1] not in claimed]
    if missed and wait:
        raise Refused("The customer is archived. Bring the customer back from the archive, or end the subscription.")
    transaction.on_commit(lambda: _done(run, drafts, missed))


def _due(groups: Sequence[Group]) -> list[tuple[int, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [[day for day, _ in groups], [customer_id for _, customer_id in groups]])
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def _drafts(outlook: Outlook, due: Sequence[tuple[int, int, bool]], today: date) -> Iterator[BillDraft]:
    by_customer: dict[int, list[list[Proposal]]] = defaultdict(list)
    for customer_id, subscription_id, separately in due:
        proposal = outlook.propose(subscription_id)
        if proposal is None or proposal.issue_on > today:
            continue
        if separately or not by_customer[customer_id]:
            by_customer[customer_id].append([proposal])
        else:
            by_customer[customer_id][-1].append(proposal)
    items = defaultdict(list)
    for item in waiting_items(list(by_customer)):
        items[item.customer_id].append(item)
    for customer_id, groups in by_customer.items():
        for proposals in groups:
            yield draft(customer_id, proposals, items.pop(customer_id, ()), issued_on=today)


def _check_bounds(run: BillingRun, outlook: Outlook, lines: Sequence[Proposal], today: date) -> None:
    """Count the periods of those that are behind by more than one (rule B8)."""
    for line in lines:
        key = line.service.subscription_id
        next_on = outlook.bill_on(key, line.period.end)
        if next_on is not None and next_on <= today:
            run.behind[key] += 1
            if run.behind[key] >= MOST_PERIODS:
                raise Refused(
                    f"More than {MOST_PERIODS} periods are due, this one from {line.period.start} on. "
                    "Check the dates of the subscription, then try again."
                )


def _done(run: BillingRun, drafts: Sequence[BillDraft], locked: Sequence[Group]) -> None:
    before = run.bills
    run.bills += len(drafts)
    run.total += sum((bill.totals.total for bill in drafts), Decimal(0))
    run.locked += locked
    if run.bills // TOLD_EVERY > before // TOLD_EVERY:
        logger.info("%d bills issued so far", run.bills)


def _set_aside(run: BillingRun, subscription_id: int, error: str) -> None:
    run.set_aside[subscription_id] = error
    BillingState.objects.filter(pk=subscription_id).update(review=error[:300])
    logger.error("Subscription %d is set aside, not billed: %s", subscription_id, error)
