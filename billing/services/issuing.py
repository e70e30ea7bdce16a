"""The writer of bills: a batch of any size in a fixed number of statements (rules M10, M11, B1).

Lines and taxes are written before their bills, whose statement checks all sums at once and books
the ledger. The number series is locked last and given back at commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from billing.services import clock, numbers
from billing.services.arrays import array
from billing.services.drafts import BillDraft

_IDS = "SELECT nextval(series) FROM pg_get_serial_sequence('billing_bill', 'id') AS series, generate_series(1, %s)"

_RECURRING_LINES = """
    INSERT INTO billing_billline (
        bill_id, kind, subscription_id, plan_id, period, billed_days, description, price, discount, amount, credited,
        tax_name, tax_percent, tax_inclusive, cut_off_at
    )
    SELECT
        new.bill_id, 'recurring', new.subscription_id, new.plan_id,
        daterange(first_day, end_day), daterange(first_day, end_day),
        left(plan.name || ', ' || login || ', ' || first_day || ' to ' || end_day - 1, 200),
        new.price, new.discount, new.amount, 0,
        coalesce(rate.name, ''), rate.percent, coalesce(rate.inclusive, false), cut_off_at
    FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::date[],
        %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[]
    ) AS new (bill_id, subscription_id, plan_id, first_day, end_day, price, discount, amount, cut_off_at)
    JOIN billing_subscription subscription ON subscription.id = new.subscription_id
    JOIN billing_plan plan ON plan.id = new.plan_id
    LEFT JOIN billing_taxrate rate ON rate.id = plan.tax_rate_id
    ORDER BY new.bill_id, new.subscription_id, first_day
"""

_ITEM_LINES = """
    WITH new AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS new (bill_id, item_id, cut_off_at)
    ), taken AS (
        UPDATE billing_item item SET bill_id = new.bill_id FROM new WHERE item.id = new.item_id
    )
    INSERT INTO billing_billline (
        bill_id, kind, description, price, discount, amount, credited, tax_name, tax_percent, tax_inclusive, cut_off_at
    )
    SELECT
        new.bill_id, 'item', item.description, item.amount, 0, item.amount, 0,
        coalesce(rate.name, ''), rate.percent, coalesce(rate.inclusive, false), cut_off_at
    FROM new
    JOIN billing_item item ON item.id = new.item_id
    LEFT JOIN billing_taxrate rate ON rate.id = item.tax_rate_id
    ORDER BY new.bill_id, item.id
"""

_TAXES = """
    INSERT INTO billing_billtax (bill_id, name, percent, inclusive, base, tax)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::boolean[], %s::numeric[], %s::numeric[])
"""

_BILLS = """
    INSERT INTO billing_bill (
        id, customer_id, status, number, sequence, currency, net, tax, total, allocated, credited,
        issued_at, issued_on, due_on, issued_by_id, void_reason,
        customer_code, customer_name, customer_address, customer_tax_id, seller_name, seller_address, seller_tax_id
    )
    SELECT
        new.id, customer_id, CASE WHEN total = 0 THEN 'paid' ELSE 'open' END, number, sequence, %(currency)s,
        net, tax, total, 0, 0, %(now)s, %(today)s, due_on, %(by)s, '',
        code, name, address, tax_id, %(seller_name)s, %(seller_address)s, %(seller_tax_id)s
    FROM unnest(
        %(ids)s::bigint[], %(customers)s::bigint[], %(numbers)s::text[], %(sequences)s::bigint[],
        %(nets)s::numeric[], %(taxes)s::numeric[], %(totals)s::numeric[], %(due)s::date[]
    ) AS new (id, customer_id, number, sequence, net, tax, total, due_on)
    JOIN billing_customer customer ON customer.id = customer_id
    ORDER BY new.id
"""


def issue(drafts: Sequence[BillDraft], *, now: datetime, by: Any = None) -> list[int]:
    """Issue ``drafts``, whose customers the caller has locked; the ids of the bills, in the same order.

    They are not paid from credit yet: ``settlement.settle`` follows.
    """
    today = clock.local_date(now)
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [len(drafts)])
        ids = [row[0] for row in cursor.fetchall()]
        _write_lines(cursor, ids, drafts)
        _write_taxes(cursor, ids, drafts)
        _write_bills(cursor, ids, drafts, today, now=now, by=by)
    return ids


def _write_lines(cursor: Any, ids: Sequence[int], drafts: Sequence[BillDraft]) -> None:
    lines = [
        (bill_id, *_recurring(proposal), cut_off)
        for bill_id, draft in zip(ids, drafts, strict=True)
        for proposal, cut_off in zip(draft.proposals, draft.cut_offs, strict=True)
    ]
    if lines:
        cursor.execute(_RECURRING_LINES, [array(column) for column in zip(*lines, strict=True)])
    items = [
        (bill_id, item.pk, draft.items_cut_off)
        for bill_id, draft in zip(ids, drafts, strict=True)
        for item in draft.items
    ]
    if items:
        cursor.execute(_ITEM_LINES, [array(column) for column in zip(*items, strict=True)])


def _recurring(proposal: Any) -> tuple[Any, ...]:
    service, period = proposal.service, proposal.period
    return (
        service.subscription_id,
        proposal.plan.pk,
        period.start,
        period.end,
        proposal.price,
        proposal.discount,
        proposal.amount,
    )


def _write_taxes(cursor: Any, ids: Sequence[int], drafts: Sequence[BillDraft]) -> None:
    taxes = [
        (bill_id, part.rate.name, part.rate.percent, part.rate.inclusive, part.base, part.tax)
        for bill_id, draft in zip(ids, drafts, strict=True)
        for part in draft.totals.taxes
    ]
    if taxes:
        cursor.execute(_TAXES, [list(column) for column in zip(*taxes, strict=True)])


def _write_bills(
    cursor: Any, ids: Sequence[int], drafts: Sequence[BillDraft], today: date, *, now: datetime, by: Any
) -> None:
    taken = numbers.take_many("bill", len(drafts), on=today)
    cursor.execute(
        _BILLS,
        {
            "ids": array(ids),
            "customers": array(draft.customer_id for draft in drafts),
            "sequences": array(sequence for sequence, _ in taken),
            "numbers": [number for _, number in taken],
            "nets": array(draft.totals.net for draft in drafts),
            "taxes": array(draft.totals.tax for draft in drafts),
            "totals": array(draft.totals.total for draft in drafts),
            "due": array(draft.due_on for draft in drafts),
            "now": now,
            "today": today,
            "by": by.pk if by else None,
            "currency": settings.CURRENCY,
            "seller_name": settings.COMPANY_NAME,
            "seller_address": settings.COMPANY_ADDRESS,
            "seller_tax_id": settings.COMPANY_TAX_ID,
        },
    )
