"""The rules, checked over all rows by SQL: what the services and triggers would have kept (rule M5).

Each check counts the rows that break it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

CHECKS = {
    "the total of a bill is the sum of its lines": """
        SELECT count(*) FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(amount) AS amount FROM billing_billline GROUP BY bill_id) AS line
            ON line.bill_id = bill.id
        WHERE total IS DISTINCT FROM line.amount
    """,
    "what is allocated to a bill is the sum of its allocations": """
        SELECT count(*) FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(amount) AS amount FROM billing_allocation GROUP BY bill_id) AS part
            ON part.bill_id = bill.id
        WHERE allocated <> coalesce(part.amount, 0)
    """,
    "what a payment pays is the sum of its allocations": """
        SELECT count(*) FROM billing_payment payment
        LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM billing_allocation GROUP BY payment_id) AS part
            ON part.payment_id = payment.id
        WHERE allocated <> coalesce(part.amount, 0)
    """,
    "an allocation stays with one customer and one currency, and follows the bill": """
        SELECT count(*) FROM billing_allocation allocation
        JOIN billing_bill bill ON bill.id = bill_id JOIN billing_payment payment ON payment.id = payment_id
        WHERE bill.customer_id <> payment.customer_id OR bill.currency <> payment.currency
            OR allocated_at < issued_at OR allocated_at < received_at OR received_at > %(now)s OR issued_at > %(now)s
    """,
    "nobody has credit beside an open bill": """
        SELECT count(*) FROM billing_payment payment
        JOIN billing_bill bill ON bill.customer_id = payment.customer_id AND status = 'open'
        WHERE payment.allocated < amount
    """,
    "bills and receipts are numbered without a gap": """
        SELECT count(*) FROM (
            SELECT 'bill', count(*), max(sequence), min(sequence) FROM billing_bill
            UNION ALL SELECT 'receipt', count(*), max(sequence), min(sequence) FROM billing_payment
        ) AS numbered (key, documents, highest, lowest)
        JOIN billing_numberseries series USING (key)
        WHERE documents <> last_value OR highest <> last_value OR lowest <> 1
    """,
    "numbers are printed as their series says": """
        SELECT count(*) FROM (
            SELECT 'bill', sequence, number FROM billing_bill
            UNION ALL SELECT 'receipt', sequence, number FROM billing_payment
            UNION ALL SELECT 'customer', id, code FROM billing_customer
        ) AS numbered (key, value, printed)
        JOIN billing_numberseries series USING (key)
        WHERE printed <> prefix || lpad(value::text, greatest(digits, length(value::text)), '0') OR value > last_value
    """,
    "a bill holds a copy of its customer": """
        SELECT count(*) FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
        WHERE customer_code <> code OR customer_name <> name OR customer_address <> address
    """,
    "every day is billed once and none is skipped": """
        SELECT count(*) FROM (
            SELECT
                lower(period) AS begins, starts_on, line.customer_id <> bill.customer_id AS is_foreign,
                lag(upper(period)) OVER (PARTITION BY subscription_id ORDER BY period) AS ended
            FROM (
                SELECT line.*, customer_id, starts_on FROM billing_billline line
                JOIN billing_subscription subscription ON subscription.id = subscription_id
            ) AS line
            JOIN billing_bill bill ON bill.id = bill_id
        ) AS chain
        WHERE begins <> coalesce(ended, starts_on) OR is_foreign
    """,
    "a subscription counts the periods that are billed": """
        SELECT count(*) FROM billing_subscription subscription
        LEFT JOIN (SELECT subscription_id, count(*) AS periods FROM billing_billline GROUP BY subscription_id) AS billed
            ON billed.subscription_id = subscription.id
        WHERE next_period <> coalesce(periods, 0)
    """,
    "the cut-off instant is the first one of the open bills": """
        SELECT count(*) FROM billing_subscription subscription
        LEFT JOIN billing_accessstate state ON state.subscription_id = subscription.id
        LEFT JOIN (
            SELECT line.subscription_id, min(line.cut_off_at) AS cut_off_at
            FROM billing_billline line JOIN billing_bill bill ON bill.id = bill_id
            WHERE status = 'open' GROUP BY line.subscription_id
        ) AS open ON open.subscription_id = subscription.id
        WHERE state.is_on IS NULL OR state.cut_off_at IS DISTINCT FROM open.cut_off_at
    """,
    "access is on when there is no open block, and every block has its event": """
        SELECT count(*) FROM billing_accessstate state
        LEFT JOIN billing_block block ON block.subscription_id = state.subscription_id AND closed_at IS NULL
        LEFT JOIN billing_accessevent event ON event.subscription_id = block.subscription_id
            AND event.reason = block.reason AND event.at = block.opened_at
        WHERE state.is_on <> (block.id IS NULL) OR (block.id IS NULL) <> (event.id IS NULL)
    """,
}


class Broken(Exception):
    """Rows that break a rule; the message names the rules."""


def check(cursor: Any, *, now: datetime, report: Callable[[int, int], None]) -> None:
    """Raise Broken unless every check finds nothing; ``report`` is told how many are done, and of how many."""
    broken = []
    for done, (rule, query) in enumerate(CHECKS.items(), start=1):
        cursor.execute(query, {"now": now})
        if rows := cursor.fetchone()[0]:
            broken.append(f"{rule}: broken by {rows} rows")
        report(done, len(CHECKS))
    if broken:
        raise Broken("The demo data break the rules and are not kept:\n" + "\n".join(broken))
