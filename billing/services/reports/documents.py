"""The lines and taxes of documents by the day on which they count: what income and tax are added up from."""

from __future__ import annotations

# What the ledger booked on some days, by its entries: each document on the day on which it counts, a bill that was
# voided on that day again. A bill over nothing is in no entry, and comes to nothing. Gifts and write-offs have one line
# without plan and tax; when they are taken back they are given up no longer.
DOCUMENTS = """
    entry AS MATERIALIZED (
        SELECT kind, booked_on, customer_id, bill_id, credit_note_id, reversal_id FROM billing_ledgerentry
        WHERE booked_on >= %(since)s AND booked_on < %(until)s AND id > %(after)s AND id <= %(last)s
            AND kind <> 'payment'
    ), bill (id, day, customer_id, voids) AS MATERIALIZED (
        SELECT bill_id, booked_on, customer_id, kind = 'void' FROM entry WHERE kind IN ('bill', 'void')
    ), note (id, day, customer_id, kind) AS MATERIALIZED (
        SELECT note.id, booked_on, entry.customer_id, note.kind
        FROM entry JOIN billing_creditnote note ON note.id = credit_note_id
    ), taken_back (day, customer_id, amount) AS MATERIALIZED (
        SELECT booked_on, entry.customer_id, amount
        FROM entry JOIN billing_reversal reversal ON reversal.id = reversal_id
        WHERE reversal.credit_note_id IS NOT NULL AND reversal.kind <> 'refund'
    )
"""

# The tax inside the prices of the lines of one rate is split over them in shares that add up to it (rule M2).
_NET = """
    line.amount - CASE WHEN line.tax_inclusive THEN
        coalesce(round(
            tax.tax * sum(line.amount) OVER upto / nullif(sum(line.amount) OVER whole, 0), %(decimals)s
        ), 0) - coalesce(round(
            tax.tax * sum(line.amount) OVER before / nullif(sum(line.amount) OVER whole, 0), %(decimals)s
        ), 0)
    ELSE 0 END
"""
_WINDOWS = """
    WINDOW whole AS (PARTITION BY {key}, line.tax_name, line.tax_percent, line.tax_inclusive{more}),
        upto AS (whole ORDER BY line.id),
        before AS (whole ORDER BY line.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
_SAME_RATE = """
    AND line.tax_inclusive AND tax.inclusive AND tax.name = line.tax_name AND tax.percent = line.tax_percent
"""

LINES = f"""
    line (day, customer_id, plan_id, percent, kind, net) AS (
        SELECT bill.day, bill.customer_id, line.plan_id, line.tax_percent,
            CASE WHEN bill.voids THEN 'voided' ELSE 'billed' END, {_NET}
        FROM bill JOIN billing_billline line ON line.bill_id = bill.id
        LEFT JOIN billing_billtax tax ON tax.bill_id = bill.id {_SAME_RATE}
        {_WINDOWS.format(key="line.bill_id", more=", bill.voids")}
    ), credit (day, customer_id, plan_id, percent, kind, net) AS (
        SELECT note.day, note.customer_id, billed.plan_id, line.tax_percent,
            CASE WHEN note.kind IN ('goodwill', 'write-off') THEN 'given up' ELSE 'credited' END, {_NET}
        FROM note JOIN billing_creditnoteline line ON line.credit_note_id = note.id
        LEFT JOIN billing_billline billed ON billed.id = line.bill_line_id
        LEFT JOIN billing_creditnotetax tax ON tax.credit_note_id = note.id {_SAME_RATE}
        {_WINDOWS.format(key="line.credit_note_id", more="")}
    )
"""  # noqa: S608  (names of ours)
