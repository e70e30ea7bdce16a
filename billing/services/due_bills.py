"""What is due to be billed, found in batches and put together as bills (rules B2, B4, B8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice, takewhile
from typing import NamedTuple

from django.db import connection

from billing.models import Item
from billing.rules.errors import Refused
from billing.rules.issuing import MAX_PERIODS
from billing.services import wording
from billing.services.drafts import BillDraft, draft, waiting_items
from billing.services.outlook import Outlook, Proposal

_GROUPS = """
    SELECT DISTINCT bill_on, customer_id FROM billing_billingstate
    WHERE review = '' AND bill_on <= %(day)s AND (bill_on, customer_id) > (%(after_day)s, %(after_customer)s)
        AND (%(customers)s::bigint[] IS NULL OR customer_id = ANY(%(customers)s))
    ORDER BY bill_on, customer_id LIMIT %(limit)s
"""
_DUE = """
    SELECT customer_id, subscription_id, bill_per_subscription
    FROM billing_billingstate JOIN billing_customer customer ON customer.id = customer_id
    WHERE review = '' AND bill_on = %s AND customer_id = ANY(%s)
    ORDER BY customer_id, subscription_id
"""


class Group(NamedTuple):
    """One customer and one issue date: what stands on one bill (rule B4)."""

    bill_on: date
    customer_id: int


class Due(NamedTuple):
    """One subscription of which a period is due."""

    customer_id: int
    subscription_id: int
    separately: bool


START = Group(date.min, 0)


def batches(day: date, limit: int, customers: list[int] | None = None) -> Iterator[list[Group]]:
    """The groups that are due as of ``day``, up to ``limit`` at a time, all of one issue date each time.

    They come in the order of their dates: billing a group brings its next one to a later date,
    so that it comes later in the same pass.
    """
    after = START
    while groups := _groups(day, after, limit, customers):
        first = groups[0].bill_on
        batch = list(takewhile(lambda group: group.bill_on == first, groups))  # noqa: B023  (used at once)
        yield batch
        after = batch[-1]


def _groups(day: date, after: Group, limit: int, customers: list[int] | None) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(
            _GROUPS,
            {
                "day": day,
                "after_day": after.bill_on,
                "after_customer": after.customer_id,
                "customers": customers,
                "limit": limit,
            },
        )
        return [Group(*row) for row in cursor.fetchall()]


def due_of(groups: Sequence[Group]) -> list[Due]:
    """The subscriptions of some groups of one date as they are now; without those that were billed meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [groups[0].bill_on, [group.customer_id for group in groups]])
        return [Due(*row) for row in cursor.fetchall()]


def periods(outlook: Outlook, subscription_id: int, day: date) -> Iterator[Proposal]:
    """Every period of a subscription that is to be billed until ``day``, oldest first."""
    line = outlook.propose(subscription_id)
    while line is not None and line.issue_on <= day:
        yield line
        line = outlook.propose(subscription_id, line.period.end)


def first_period(outlook: Outlook, subscription_id: int, day: date) -> Proposal | None:
    """The oldest period that is to be billed as of ``day``, if there is one.

    Raises:
        Refused: more than 36 periods are due (rule B8).
    """
    line = outlook.propose(subscription_id)
    if line is None or line.issue_on > day:
        return None
    next_on = outlook.bill_on(subscription_id, line.period.end)
    if next_on is not None and next_on <= day:
        _check_bounds(outlook, line, day)
    return line


def _check_bounds(outlook: Outlook, line: Proposal, day: date) -> None:
    if any(islice(periods(outlook, line.service.subscription_id, day), MAX_PERIODS, None)):
        raise Refused(
            "More than {max_periods} periods are due, the first from {start} on. "
            "Check the dates of the subscription. If they are right, issue its oldest bills by hand, then try again.",
            max_periods=MAX_PERIODS,
            start=wording.day(line.period.start),
        )


def waiting_by_customer(customer_ids: Collection[int]) -> dict[int, list[Item]]:
    """The one-off items that wait for the next bill of these customers."""
    items: dict[int, list[Item]] = defaultdict(list)
    for item in waiting_items(list(customer_ids)):
        items[item.customer_id].append(item)
    return items


def put_together(
    due: Iterable[Due], lines: Mapping[int, Proposal], items: dict[int, list[Item]], *, issued_on: date
) -> Iterator[BillDraft]:
    """One bill for all ``lines`` of a customer, or one each if the customer wants it so; ``items`` come along once."""
    by_customer: dict[int, list[list[Proposal]]] = defaultdict(list)
    for row in due:
        if line := lines.get(row.subscription_id):
            parts = by_customer[row.customer_id]
            if row.separately or not parts:
                parts.append([line])
            else:
                parts[-1].append(line)
    for customer_id, bills in by_customer.items():
        for proposals in bills:
            yield draft(customer_id, proposals, items.pop(customer_id, ()), issued_on=issued_on)
