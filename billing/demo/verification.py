"""The rules, checked over all rows by SQL: what the services and triggers would have kept (rule M5).

Each check counts the rows that break it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

CHECKS = {
    "the total of a bill is the sum of its lines and taxes": """
        SELECT count(*) FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(amount) AS amount FROM billing_billline GROUP BY bill_id) AS line
            ON line.bill_id = bill.id
        LEFT JOIN (
            SELECT bill_id, sum(tax) AS tax, sum(CASE WHEN inclusive THEN 0 ELSE tax END) AS added
            FROM billing_billtax GROUP BY bill_id
        ) AS taxes ON taxes.bill_id = bill.id
        WHERE total IS DISTINCT FROM line.amount + coalesce(added, 0) OR bill.tax <> coalesce(taxes.tax, 0)
    """,
    "a tax is taken on the lines with its rate": """
        SELECT count(*) FROM (
            SELECT bill_id, tax_name AS name, tax_percent AS percent, tax_inclusive AS inclusive, sum(amount) AS amount
            FROM billing_billline WHERE tax_percent IS NOT NULL GROUP BY 1, 2, 3, 4
        ) AS line
        FULL JOIN billing_billtax tax USING (bill_id, name, percent, inclusive)
        WHERE line.amount IS DISTINCT FROM base + CASE WHEN inclusive THEN tax ELSE 0 END
    """,
    "what is credited of a bill and its lines is the sum of its credit notes": """
        SELECT count(*) FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(total) AS total FROM billing_creditnote GROUP BY bill_id) AS note
            ON note.bill_id = bill.id
        LEFT JOIN (SELECT bill_id, sum(credited) AS credited FROM billing_billline GROUP BY bill_id) AS line
            ON line.bill_id = bill.id
        WHERE bill.credited <> coalesce(note.total, 0) OR bill.credited <> line.credited
    """,
    "what is allocated to a bill is the sum of its allocations": """
        SELECT count(*) FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(amount) AS amount FROM billing_allocation GROUP BY bill_id) AS part
            ON part.bill_id = bill.id
        WHERE allocated <> coalesce(part.amount, 0)
    """,
    "what a payment or credit note pays is the sum of its allocations": """
        SELECT count(*) FROM (
            SELECT id, NULL::bigint, allocated FROM billing_payment
            UNION ALL SELECT NULL, id, allocated FROM billing_creditnote
        ) AS source (payment_id, credit_note_id, allocated)
        LEFT JOIN (
            SELECT payment_id, credit_note_id, sum(amount) AS amount FROM billing_allocation GROUP BY 1, 2
        ) AS part ON part.payment_id = source.payment_id OR part.credit_note_id = source.credit_note_id
        WHERE allocated <> coalesce(part.amount, 0)
    """,
    "an allocation stays with one customer and one currency, and follows the bill": """
        SELECT count(*) FROM billing_allocation allocation
        JOIN billing_bill bill ON bill.id = bill_id
        LEFT JOIN billing_payment payment ON payment.id = payment_id
        LEFT JOIN billing_creditnote note ON note.id = credit_note_id
        CROSS JOIN LATERAL (
            SELECT
                coalesce(payment.customer_id, note.customer_id), coalesce(payment.currency, note.currency),
                coalesce(received_at, note.issued_at)
        ) AS source (customer_id, currency, since)
        WHERE bill.customer_id <> source.customer_id OR bill.currency <> source.currency
            OR allocated_at < bill.issued_at OR allocated_at < since OR since > %(now)s OR bill.issued_at > %(now)s
    """,
    "nobody has credit beside an open bill": """
        SELECT count(*) FROM (
            SELECT customer_id FROM billing_payment WHERE allocated + returned < amount
            UNION ALL SELECT customer_id FROM billing_creditnote WHERE allocated + returned < total
        ) AS source
        JOIN billing_bill bill USING (customer_id) WHERE status = 'open'
    """,
    "the ledger holds every document, and the accounts are its sums": """
        SELECT count(*) FROM (
            SELECT customer_id, sum(amount) AS amount FROM (
                SELECT customer_id, total FROM billing_bill
                UNION ALL SELECT customer_id, -amount FROM billing_payment
                UNION ALL SELECT customer_id, -total FROM billing_creditnote
            ) AS document (customer_id, amount) GROUP BY customer_id
        ) AS document
        FULL JOIN (SELECT customer_id, sum(amount) AS amount FROM billing_ledgerentry GROUP BY customer_id) AS ledger
            USING (customer_id)
        FULL JOIN billing_account account USING (customer_id)
        WHERE document.amount IS DISTINCT FROM ledger.amount OR ledger.amount IS DISTINCT FROM balance
    """,
    "documents are numbered without a gap": """
        SELECT count(*) FROM (
            SELECT 'bill', count(*), max(sequence), min(sequence) FROM billing_bill
            UNION ALL SELECT 'receipt', count(*), max(sequence), min(sequence) FROM billing_payment
            UNION ALL SELECT 'credit note', count(*), max(sequence), min(sequence) FROM billing_creditnote
        ) AS numbered (key, documents, highest, lowest)
        JOIN billing_numberseries series USING (key)
        WHERE documents <> last_value OR highest <> last_value OR lowest <> 1
    """,
    "numbers are printed as their series says": """
        SELECT count(*) FROM (
            SELECT 'bill', sequence, number, issued_on FROM billing_bill
            UNION ALL SELECT 'receipt', sequence, number, received_on FROM billing_payment
            UNION ALL SELECT 'credit note', sequence, number, issued_on FROM billing_creditnote
        ) AS numbered (key, value, number, day)
        JOIN billing_numberseries series USING (key)
        WHERE number <> pg_temp.printed(prefix, value, day) OR value > last_value
    """,
    "a bill holds a copy of its customer": """
        SELECT count(*) FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
        WHERE customer_code <> code OR customer_name <> name OR customer_address <> address
    """,
    "every day is billed once, none is skipped, and the next bill starts where the last one ended": """
        SELECT count(*) FROM (
            SELECT subscription_id, min(lower(billed_days)), max(upper(billed_days)),
                sum(upper(billed_days) - lower(billed_days))
            FROM billing_billline WHERE kind = 'recurring' GROUP BY subscription_id
        ) AS billed (id, first_day, end_day, days)
        FULL JOIN billing_subscription subscription USING (id)
        LEFT JOIN billing_billingstate state ON state.subscription_id = subscription.id
        WHERE first_day <> starts_on OR days <> end_day - first_day
            OR billed_until IS DISTINCT FROM coalesce(end_day, starts_on)
    """,
    "a bill charges its own customer's subscriptions": """
        SELECT count(*) FROM billing_billline line
        JOIN billing_bill bill ON bill.id = bill_id
        JOIN billing_subscription subscription ON subscription.id = subscription_id
        WHERE subscription.customer_id <> bill.customer_id
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
