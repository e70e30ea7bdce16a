"""Bills and credit notes add up, and hold what was copied onto them (rules M4, M11)."""

from __future__ import annotations

from billing.services.books.check import Check


def _sums(noun: str, table: str, where: str = "") -> Check:
    """Net, tax and total of a document are the sums of its lines and taxes."""
    key = noun.replace(" ", "_") + "_id"
    return Check(
        f"{noun}: net, tax and total",
        noun,
        f"""
        SELECT document.id, (net, document.tax, total) AS stored,
            (line.amount - coalesce(tax.inside, 0), coalesce(tax.tax, 0),
                line.amount - coalesce(tax.inside, 0) + coalesce(tax.tax, 0)) AS expected
        FROM {table} document
        LEFT JOIN (SELECT {key}, sum(amount) AS amount FROM {table}line GROUP BY {key}) AS line
            ON line.{key} = document.id
        LEFT JOIN (
            SELECT {key}, sum(tax) AS tax, sum(tax) FILTER (WHERE inclusive) AS inside FROM {table}tax GROUP BY {key}
        ) AS tax ON tax.{key} = document.id
        {where}
        """,  # noqa: S608  (names of ours)
    )


def _copies(noun: str, table: str, where: str = "") -> Check:
    return Check(
        f"{noun}: copies of who and what",
        noun,
        f"""
        SELECT id, concat_ws(' ',
            CASE WHEN customer_code = '' THEN 'no customer_code' END,
            CASE WHEN customer_name = '' THEN 'no customer_name' END,
            CASE WHEN currency <> %(currency)s THEN currency END
        ) AS stored, '' AS expected
        FROM {table} {where}
        """,  # noqa: S608  (names of ours)
    )


# What the tax of a rate comes to on the sum of the lines that have it.
_BY_RULE = "round(amount * percent / CASE WHEN inclusive THEN 100 + percent ELSE 100 END, %(decimals)s)"

_LINES_BY_RATE = """
    SELECT {key}, tax_name AS name, tax_percent AS percent, tax_inclusive AS inclusive, sum(amount) AS amount
    FROM {table} WHERE tax_percent IS NOT NULL GROUP BY {key}, tax_name, tax_percent, tax_inclusive
"""

# A credit takes no more tax than is left on its bill, and exactly the rest when it takes the rest of the lines.
_CREDIT_NOTE_TAXES = f"""
    WITH part AS (
        SELECT credit_note_id, note.bill_id, name, percent, inclusive, line.amount, tax.base, tax.tax
        FROM ({_LINES_BY_RATE.format(key="credit_note_id", table="billing_creditnoteline")}) AS line
        FULL JOIN billing_creditnotetax tax USING (credit_note_id, name, percent, inclusive)
        LEFT JOIN billing_creditnote note ON note.id = credit_note_id
    ), beside AS (
        SELECT part.*, {_BY_RULE} AS by_rule,
            billed.base - coalesce(sum(part.base) OVER earlier, 0) AS base_left,
            billed.tax - coalesce(sum(part.tax) OVER earlier, 0) AS tax_left
        FROM part
        LEFT JOIN billing_billtax billed USING (bill_id, name, percent, inclusive)
        WINDOW earlier AS (
            PARTITION BY bill_id, name, percent, inclusive ORDER BY credit_note_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    )
    SELECT credit_note_id AS id, (base, tax) AS stored,
        (amount - CASE WHEN inclusive THEN due ELSE 0 END, due) AS expected
    FROM beside CROSS JOIN LATERAL (
        SELECT CASE
            WHEN bill_id IS NULL THEN by_rule
            WHEN amount = base_left + CASE WHEN inclusive THEN tax_left ELSE 0 END THEN tax_left
            ELSE greatest(least(by_rule, tax_left), CASE WHEN inclusive THEN amount - base_left END)
        END
    ) AS rest (due)
"""  # noqa: S608  (names of ours)

CHECKS = (
    _sums("bill", "billing_bill", "WHERE status <> 'draft'"),
    Check(
        "bill: taxes by the rule",
        "bill",
        f"""
        SELECT bill_id AS id, (base, tax) AS stored,
            (amount - CASE WHEN inclusive THEN {_BY_RULE} ELSE 0 END, {_BY_RULE}) AS expected
        FROM ({_LINES_BY_RATE.format(key="bill_id", table="billing_billline")}) AS line
        FULL JOIN billing_billtax tax USING (bill_id, name, percent, inclusive)
        """,  # noqa: S608  (names of ours)
    ),
    _copies("bill", "billing_bill", "WHERE status <> 'draft'"),
    Check(
        "bill: line has its text and plan",
        "line",
        """
        SELECT id, concat_ws(' ',
            CASE WHEN description = '' THEN 'no description' END,
            CASE WHEN kind = 'recurring' AND plan_id IS NULL THEN 'no plan' END
        ) AS stored, '' AS expected
        FROM billing_billline
        """,
    ),
    Check(
        "bill: line of the customer's own subscription",
        "line",
        """
        SELECT line.id, bill.customer_id AS stored, subscription.customer_id AS expected
        FROM billing_billline line
        JOIN billing_bill bill ON bill.id = line.bill_id
        JOIN billing_subscription subscription ON subscription.id = line.subscription_id
        """,
    ),
    Check(
        "bill: one-off item on a bill of its customer that stands",
        "item",
        """
        SELECT item.id, (item.customer_id, true) AS stored, (bill.customer_id, bill.status <> 'void') AS expected
        FROM billing_item item JOIN billing_bill bill ON bill.id = item.bill_id
        """,
    ),
    _sums("credit note", "billing_creditnote"),
    Check("credit note: taxes by the rule", "credit note", _CREDIT_NOTE_TAXES),
    _copies("credit note", "billing_creditnote"),
    Check(
        "credit note: of its customer's bill",
        "credit note",
        """
        SELECT note.id, (note.customer_id, note.currency, true) AS stored,
            (bill.customer_id, bill.currency, bill.status IN ('open', 'paid')) AS expected
        FROM billing_creditnote note JOIN billing_bill bill ON bill.id = note.bill_id
        """,
    ),
    Check(
        "credit note: line takes back days of its bill's line",
        "credit note line",
        """
        SELECT part.id, (note.bill_id, part.days) AS stored, (line.bill_id, part.days * line.period) AS expected
        FROM billing_creditnoteline part
        JOIN billing_creditnote note ON note.id = part.credit_note_id
        JOIN billing_billline line ON line.id = part.bill_line_id
        """,
    ),
)
