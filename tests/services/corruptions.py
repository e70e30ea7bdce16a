"""What breaks the books, one row each, written past every guard: a name, and SQL that returns the id to be named."""

OTHER_CUSTOMER = "customer_id = customer_id + 1"
SUBSCRIPTION, CUSTOMER = "subscription_id", "customer_id"
IS_ON = "subscription_id IN (SELECT subscription_id FROM billing_accessstate WHERE is_on)"


def change(table, values, where="true", named="", key="id"):
    """SQL that changes the first row of a table for which ``where`` holds."""
    return f"UPDATE billing_{table} SET {values} {_first(table, where, named, key)}"


def remove(table, where="true", named="", key="id"):
    return f"DELETE FROM billing_{table} {_first(table, where, named, key)}"


def _first(table, where, named, key):
    return f"WHERE {key} = (SELECT min({key}) FROM billing_{table} WHERE {where}) RETURNING {named or key}"


CORRUPTIONS = {
    "ledger: each bill once, as it says": {
        "an entry is gone": remove("ledgerentry", "kind = 'bill'", "bill_id"),
        "a bill is gone": remove("bill", "total > 0"),
    },
    "ledger: each void once, as it says": {
        "a day is another": change("bill", "voided_on = voided_on + 1", "status = 'void'"),
    },
    "ledger: each payment once, as it says": {
        "a cent more": change("ledgerentry", "amount = amount + 0.01", "kind = 'payment'", "payment_id"),
        "another customer": change("payment", OTHER_CUSTOMER),
    },
    "ledger: each credit note once, as it says": {
        "a sign is turned": change("ledgerentry", "amount = -amount", "kind = 'credit note'", "credit_note_id"),
    },
    "ledger: each reversal once, as it says": {
        "an entry is gone": remove("ledgerentry", "kind = 'reversal'", "reversal_id"),
        "another customer": change("ledgerentry", OTHER_CUSTOMER, "kind = 'reversal'", "reversal_id"),
    },
    "balance = sum of the ledger": {
        "a cent more": change("account", "balance = balance + 0.01", key=CUSTOMER),
        "an account is gone": remove("account", key=CUSTOMER),
    },
    "balance = open bills less unused credit": {
        "a bill is hidden": change(
            "bill",
            "status = 'void', allocated = 0, voided_at = now(), voided_on = now()",
            "status = 'open'",
            "customer_id",
        ),
    },
    "credit pays open bills": {
        "credit beside a debt": change(
            "payment",
            "amount = amount + 1",
            "customer_id IN (SELECT customer_id FROM billing_bill WHERE status = 'open')",
            "customer_id",
        ),
    },
    "bill: net, tax and total": {
        "a line costs more": change("billline", "amount = amount + 1", named="bill_id"),
        "a tax is gone": remove("billtax", named="bill_id"),
        "net and tax are swapped": change("bill", "net = tax, tax = net", "tax > 0"),
    },
    "bill: taxes by the rule": {
        "a cent is moved into the tax": change(
            "billtax", "tax = tax + 0.01, base = base - 0.01", "inclusive", "bill_id"
        ),
        "another rate": change("billtax", "percent = percent + 1", named="bill_id"),
    },
    "bill: copies of who and what": {
        "no name": change("bill", "customer_name = ''"),
        "another currency": change("bill", "currency = 'EUR'"),
    },
    "bill: line has its text and plan": {
        "no plan": change("billline", "plan_id = NULL", "kind = 'recurring'"),
    },
    "bill: line of the customer's own subscription": {
        "another's": change(
            "billline", "subscription_id = subscription_id + 3, billed_days = 'empty'", "kind = 'recurring'"
        ),
    },
    "bill: one-off item on a bill of its customer that stands": {
        "on a void bill": change(
            "item", "bill_id = (SELECT min(id) FROM billing_bill WHERE status = 'void')", "bill_id IS NOT NULL"
        ),
    },
    "credit note: net, tax and total": {
        "a line costs more": change("creditnoteline", "amount = amount + 1", named="credit_note_id"),
    },
    "credit note: taxes by the rule": {
        "a cent is moved into the tax": change(
            "creditnotetax", "tax = tax + 0.01, base = base - 0.01", "inclusive", "credit_note_id"
        ),
        "a tax without lines": change("creditnotetax", "name = 'X'", named="credit_note_id"),
    },
    "credit note: copies of who and what": {
        "no code": change("creditnote", "customer_code = ''"),
    },
    "credit note: of its customer's bill": {
        "another's bill": change("creditnote", "bill_id = (SELECT max(id) FROM billing_bill)", "bill_id IS NOT NULL"),
    },
    "credit note: line takes back days of its bill's line": {
        "days outside": change(
            "creditnoteline", "days = daterange(lower(days) - 40, upper(days) - 40)", "days IS NOT NULL"
        ),
    },
    "bill: allocated, and paid when in full": {
        "a part is gone": remove("allocation", named="bill_id"),
        "an unpaid bill is called paid": change("bill", "status = 'paid', allocated = total", "status = 'open'"),
    },
    "bill: credited": {
        "a cent less": change("bill", "credited = credited - 0.01", "credited > 0"),
    },
    "bill: line credited, and its days that count as billed": {
        "a cent less": change("billline", "credited = credited - 0.01", "credited > 0"),
        "more than the line": change(
            "creditnoteline", "amount = amount + 100", "bill_line_id IS NOT NULL", "bill_line_id"
        ),
        "a day fewer": change(
            "billline",
            "billed_days = daterange(lower(period), upper(period) - 1)",
            "billed_days = period AND credited = 0 AND amount > 0",
        ),
    },
    "payment: allocated and returned": {
        "a cent less allocated": change("payment", "allocated = allocated - 0.01", "allocated > 0"),
        "a cent more returned": change("payment", "amount = amount + 1, returned = returned + 0.01", "returned > 0"),
        "a reversal is gone": remove("reversal", "payment_id IS NOT NULL", "payment_id"),
    },
    "credit note: allocated and returned": {
        "a cent less": change("creditnote", "allocated = allocated - 0.01", "allocated > 0"),
    },
    "allocation: within one customer and currency": {
        "another's bill": change(
            "allocation", "bill_id = (SELECT max(id) FROM billing_bill)", "payment_id IS NOT NULL"
        ),
    },
    "allocation: no more taken back than was given": {
        "twice taken back": change("allocation", "amount = amount * 2", "amount < 0", "bill_id"),
    },
    "numbers: every bill follows the one before": {
        "a gap": remove("bill", "sequence = 7", "sequence + 1"),
        "the series is turned back": change(
            "numberseries", "last_value = last_value - 2", "key = 'bill'", "last_value + 1", key="key"
        ),
    },
    "numbers: every bill is printed with its own": {
        "another number": change("bill", "number = 'B001007'", "sequence = 7"),
    },
    "numbers: every receipt follows the one before": {
        "the last is gone": remove("payment", "sequence = (SELECT max(sequence) FROM billing_payment)", "sequence + 1"),
    },
    "numbers: every receipt is printed with its own": {
        "another digit": change("payment", "number = 'R000137'", "sequence = 7"),
    },
    "numbers: every credit note follows the one before": {
        "the first is gone": remove("creditnote", "sequence = 1", "2"),
    },
    "numbers: every credit note is printed with its own": {
        "no number": change("creditnote", "number = 'CN'"),
    },
    "subscription: every day billed once, none skipped": {
        "a line is gone": remove("billline", "upper(billed_days) < '2026-03-01'", "subscription_id"),
        "a day is skipped": change("billingstate", "billed_until = billed_until + 1", key=SUBSCRIPTION),
        "a day is neither billed nor skipped": change(
            "unbilleddays", "end_day = end_day - 1", "reason = 'unpaid'", "subscription_id"
        ),
        "a day is billed and skipped": change(
            "unbilleddays", "end_day = end_day + 1", "reason = 'unpaid'", "subscription_id"
        ),
    },
    "subscription: the next bill is on its way": {
        "it never comes": change(
            "billingstate",
            "bill_on = NULL",
            f"bill_on IS NOT NULL AND {IS_ON}",
            key=SUBSCRIPTION,
        ),
        "it comes too late": change("billingstate", "bill_on = bill_on + 60", "bill_on IS NOT NULL", key=SUBSCRIPTION),
    },
    "subscription: has its states of billing and access": {
        "no access state": remove("accessstate", key=SUBSCRIPTION),
        "another customer": change("billingstate", OTHER_CUSTOMER, key=SUBSCRIPTION),
    },
    "access: cut off when the first unpaid bill says so": {
        "a day later": change(
            "accessstate", "cut_off_at = cut_off_at + interval '1 day'", "cut_off_at IS NOT NULL", key=SUBSCRIPTION
        ),
        "never": change("accessstate", "cut_off_at = NULL", "cut_off_at IS NOT NULL", key=SUBSCRIPTION),
    },
    "access: not cut before its promises and exclusions end": {
        "without a promise": change("accessstate", "not_before = '2026-06-30'", key=SUBSCRIPTION),
    },
    "access: on while no block is open": {
        "on although blocked": change("accessstate", "is_on = true", "NOT is_on", key=SUBSCRIPTION),
        "off without a reason": change("accessstate", "is_on = false", "is_on", key=SUBSCRIPTION),
    },
    "access: off as unpaid only for a bill that is due": {
        "due tomorrow": change(
            "accessstate", "cut_off_at = '2026-06-21'", "NOT is_on AND cut_off_at IS NOT NULL", key=SUBSCRIPTION
        ),
    },
    "access: due for more than an hour and still on": {
        "since yesterday": change("accessstate", "cut_off_at = '2026-06-19', is_on = true", "is_on", key=SUBSCRIPTION),
    },
    "reports: money of each day as in the ledger": {
        "a cent more": change("collectedday", "received = received + 0.01", named="day"),
        "a day is gone": remove("collectedday", named="day"),
    },
    "reports: income and tax of each day as in the ledger": {
        "income is a cent less": change("incomeday", "billed = billed - 0.01", "billed > 0", "day"),
        "tax is a cent less": change("taxday", "tax_back = tax_back - 0.01", "tax_back > 0", "day"),
    },
}
