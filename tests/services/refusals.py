"""What an ordinary SQL user must not be able to do to the books: a sentence, the SQL, and the words of the refusal."""


def copied(table, source, **changes):
    """SQL that inserts copies of the rows of ``source`` with other values for some columns."""
    identity = f"nextval(pg_get_serial_sequence('billing_{table}', 'id'))"
    pairs = ", ".join(f"'{column}', {value}" for column, value in {"id": identity, **changes}.items())
    return (
        f"INSERT INTO billing_{table} SELECT (jsonb_populate_record(NULL::billing_{table}, "
        f"to_jsonb(row) || jsonb_build_object({pairs}))).* FROM ({source}) AS row"
    )


def first(table, where="true"):
    return f"SELECT * FROM billing_{table} WHERE {where} ORDER BY id LIMIT 1"


def update(table, values, where="true"):
    return f"UPDATE billing_{table} SET {values} WHERE id = (SELECT min(id) FROM billing_{table} WHERE {where})"


def allocated(amount, source, bill, column="payment_id"):
    """SQL that allocates ``amount`` of the first such payment or credit note to the first such bill."""
    table = "payment" if column == "payment_id" else "creditnote"
    sources = f"SELECT min(id) FROM billing_{table} WHERE {source}"
    bills = f"SELECT min(id) FROM billing_bill WHERE {bill}"
    columns = f"{column}, bill_id, amount, allocated_at"
    return f"INSERT INTO billing_allocation ({columns}) VALUES (({sources}), ({bills}), {amount}, now())"


FACTS = "are facts and are never changed or removed"
BY_HAND = "PostgreSQL itself writes it with the document"
BILL_FROZEN = "is issued and never changes"
NEW_BILL = {"number": "'B9'", "sequence": "999", "allocated": "0", "credited": "0", "status": "'open'"}
DRAFT = {"status": "'draft'", "number": "NULL", "sequence": "NULL", "allocated": "0", "credited": "0"}
UNPAID = "status = 'open' AND allocated = 0"
PART_PAID = "status = 'open' AND allocated > 0"
VOID = "voided_at = now(), voided_on = now(), status = 'void'"
HAS_CREDIT = "amount > allocated + returned"
FIRST_PART_PAID = f"(SELECT min(id) FROM billing_bill WHERE {PART_PAID})"
OF_THE_PART_PAID = f"customer_id = (SELECT customer_id FROM billing_bill WHERE id = {FIRST_PART_PAID})"
PART = first("allocation", f"payment_id > 0 AND amount > 0 AND bill_id = {FIRST_PART_PAID}")
OF_A_DEBTOR_WITH_A_NOTE = """customer_id = (
    SELECT min(customer_id) FROM billing_bill JOIN billing_creditnote note USING (customer_id)
    WHERE status = 'open' AND note.allocated = note.total
)"""
RECURRING = first("billline", "kind = 'recurring'")

BILLS = {
    "its total changes": (update("bill", "net = 1, total = 1", UNPAID), BILL_FROZEN),
    "its number changes": ("UPDATE billing_bill SET number = 'X' || id", BILL_FROZEN),
    "its customer's name changes": (update("bill", "customer_name = 'X'"), BILL_FROZEN),
    "its due day changes": (update("bill", "due_on = due_on + 1"), BILL_FROZEN),
    "it becomes a draft": (update("bill", "status = 'draft'"), "cannot go from|never changes"),
    "it is called paid": (update("bill", "status = 'paid'", UNPAID), "bill_paid_when_allocated_in_full"),
    "it is made paid": (
        update("bill", "status = 'paid', allocated = total", UNPAID),
        "only allocations and credit notes",
    ),
    "it is made credited": (update("bill", "credited = 1", UNPAID), "only allocations and credit notes"),
    "it is voided although something is paid": (
        update("bill", VOID, PART_PAID),
        "cannot go from open to void",
    ),
    "it is voided and emptied": (
        update("bill", f"{VOID}, allocated = 0", PART_PAID),
        "cannot go from open to void",
    ),
    "it is voided although something is credited": (
        update("bill", f"{VOID}, allocated = 0", "credited > 0"),
        "cannot go from",
    ),
    "it is voided without a date": (update("bill", "status = 'void'", UNPAID), "bill_void_has_a_date"),
    "a void one comes back": (
        update("bill", "status = 'open', voided_at = NULL, voided_on = NULL", "status = 'void'"),
        "cannot go from void to open",
    ),
    "it is deleted": ("DELETE FROM billing_bill", "is issued and is never deleted"),
    "they are truncated": ("TRUNCATE billing_bill CASCADE", FACTS),
    "one is issued without lines": (
        copied("bill", first("bill", UNPAID), **NEW_BILL),
        "not the sum of its lines and taxes",
    ),
    "one is inserted as paid": (
        copied("bill", first("bill", UNPAID), **{**NEW_BILL, "status": "'paid'", "allocated": "row.total"}),
        FACTS,
    ),
    "one is inserted as void": (
        copied(
            "bill",
            first("bill", UNPAID),
            **{**NEW_BILL, "status": "'void'", "voided_at": "now()", "voided_on": "now()::date"},
        ),
        FACTS,
    ),
    "one is inserted as credited": (copied("bill", first("bill", UNPAID), **{**NEW_BILL, "credited": "1"}), FACTS),
    "one is below zero": (
        copied("bill", first("bill", UNPAID), **{**DRAFT, "net": "-1", "tax": "0", "total": "-1"}),
        "bill_not_overcredited",
    ),
    "a number comes twice": (
        copied(
            "bill", first("bill", UNPAID), **{**DRAFT, "status": "'open'", "number": "row.number", "sequence": "999"}
        ),
        "bill_number_key",
    ),
}

LINES = {
    "its amount changes": ("UPDATE billing_billline SET amount = 1", "its lines never change"),
    "it is called credited": (update("billline", "credited = 1", "amount > 1"), "its lines never change"),
    "it gives its days back alone": (
        update("billline", "billed_days = 'empty'", "amount > credited AND kind = 'recurring'"),
        "its lines never change",
    ),
    "it takes days that it gave back": (
        update("billline", "billed_days = period", "billed_days <> period"),
        "its lines never change",
    ),
    "it moves to another bill": (update("billline", "bill_id = bill_id + 1"), "its lines never change"),
    "it is deleted": ("DELETE FROM billing_billline", "its lines never change"),
    "they are truncated": ("TRUNCATE billing_billline CASCADE", FACTS),
    "one is added": (copied("billline", RECURRING, billed_days="'empty'"), "nothing is added to it"),
    "one has no days": (
        copied("billline", RECURRING, bill_id="999999", billed_days="NULL"),
        "billline_recurring_has_period",
    ),
    "one has no period": (
        copied("billline", RECURRING, bill_id="999999", period="NULL", billed_days="NULL"),
        "billline_recurring_has_period",
    ),
    "a tax changes": ("UPDATE billing_billtax SET tax = tax + 1", "its taxes never change"),
    "a tax is deleted": ("DELETE FROM billing_billtax", "its taxes never change"),
    "a tax is added": (copied("billtax", first("billtax"), name="'X'"), "nothing is added to it"),
    "taxes are truncated": ("TRUNCATE billing_billtax", FACTS),
}

MONEY = {
    "a payment's amount changes": ("UPDATE billing_payment SET amount = amount + 1", BILL_FROZEN),
    "a payment's credit is conjured up": (update("payment", "allocated = 0", "allocated > 0"), BILL_FROZEN),
    "a payment's return is forgotten": (update("payment", "returned = 0", "returned > 0"), BILL_FROZEN),
    "a payment is deleted": ("DELETE FROM billing_payment", FACTS),
    "payments are truncated": ("TRUNCATE billing_payment CASCADE", FACTS),
    "a payment comes allocated": (
        copied(
            "payment", first("payment"), number="'R9'", sequence="999", allocated="1", returned="0", request_key="NULL"
        ),
        "starts unallocated",
    ),
    "a payment comes returned": (
        copied(
            "payment", first("payment"), number="'R9'", sequence="999", allocated="0", returned="1", request_key="NULL"
        ),
        "starts unallocated",
    ),
    "an allocation changes": ("UPDATE billing_allocation SET amount = 1", FACTS),
    "an allocation is deleted": ("DELETE FROM billing_allocation", FACTS),
    "allocations are truncated": ("TRUNCATE billing_allocation", FACTS),
    "an allocation exceeds its payment": (allocated("1", OF_THE_PART_PAID, PART_PAID), "payment_not_overspent"),
    "an allocation exceeds its credit note": (
        allocated(
            "1",
            f"{OF_A_DEBTOR_WITH_A_NOTE} AND allocated = total",
            f"{OF_A_DEBTOR_WITH_A_NOTE} AND status = 'open'",
            "credit_note_id",
        ),
        "creditnote_not_overspent",
    ),
    "an allocation exceeds its bill": (allocated("9999", OF_THE_PART_PAID, PART_PAID), "bill_not_overpaid"),
    "an allocation pays another customer's bill": (
        allocated("1", HAS_CREDIT, UNPAID),
        "is paid from another customer or currency",
    ),
    "a credit note pays another customer's bill": (
        allocated("1", "total > allocated + returned", UNPAID, "credit_note_id"),
        "is paid from another customer or currency",
    ),
    "a void bill is paid": (allocated("1", HAS_CREDIT, "status = 'void'"), "only an open bill can be paid"),
    "more is taken back than was given": (copied("allocation", PART, amount="-row.amount - 0.01"), "bill_not_overpaid"),
    "it is taken back by another payment": (
        "INSERT INTO billing_allocation (payment_id, bill_id, amount, allocated_at) "
        "SELECT other.id, part.bill_id, -0.01, now() "
        "FROM billing_allocation part JOIN billing_bill bill ON bill.id = part.bill_id "
        "JOIN billing_payment other ON other.customer_id = bill.customer_id AND other.allocated > 0 "
        "AND NOT EXISTS (SELECT FROM billing_allocation WHERE payment_id = other.id AND bill_id = bill.id) "
        "WHERE part.amount > 0 LIMIT 1",
        "more is taken back",
    ),
    "an allocation of nothing": (copied("allocation", PART, amount="0"), "allocation_amount_not_zero"),
    "an allocation of two sources": (
        copied("allocation", PART, amount="-0.01", credit_note_id="1"),
        "allocation_has_one_source",
    ),
    "a reversal changes": ("UPDATE billing_reversal SET amount = amount / 2", FACTS),
    "a reversal is deleted": ("DELETE FROM billing_reversal", FACTS),
    "reversals are truncated": ("TRUNCATE billing_reversal CASCADE", FACTS),
    "more is returned than was paid": (
        copied("reversal", first("reversal", "amount > 0"), amount="99999"),
        "payment_not_overspent",
    ),
    "a reversal names another customer": (
        copied(
            "reversal",
            first("reversal", "kind = 'refund'"),
            amount="0.01",
            payment_id=f"(SELECT min(id) FROM billing_payment WHERE {HAS_CREDIT})",
            customer_id="row.customer_id",
        ),
        "names another customer",
    ),
    "a reversal gives money without undoing one": (
        copied("reversal", first("reversal", "kind = 'refund'"), amount="-1"),
        "reversal_undoes_another_when_negative",
    ),
    "a chargeback is won in part": (
        copied("reversal", first("reversal", "kind = 'bounced'"), kind="'won'", undoes_id="row.id", amount="-1"),
        "undone as a whole",
    ),
    "a chargeback is won twice": (copied("reversal", first("reversal", "kind = 'won'")), "undoes_id|not_overspent"),
}

LEDGER = {
    "an entry is written by hand": (copied("ledgerentry", first("ledgerentry"), amount="-1"), BY_HAND),
    "an entry changes": ("UPDATE billing_ledgerentry SET amount = amount + 1", FACTS),
    "an entry is deleted": ("DELETE FROM billing_ledgerentry", FACTS),
    "it is truncated": ("TRUNCATE billing_ledgerentry", FACTS),
    "a balance changes": ("UPDATE billing_account SET balance = 0", BY_HAND),
    "a balance is written": (
        "INSERT INTO billing_account (customer_id, balance) SELECT max(id), 5 FROM billing_customer",
        BY_HAND,
    ),
    "a balance is deleted": ("DELETE FROM billing_account", BY_HAND),
    "balances are truncated": ("TRUNCATE billing_account", FACTS),
}

NOTES = {
    "a credit note's total changes": ("UPDATE billing_creditnote SET net = net + 1, total = total + 1", BILL_FROZEN),
    "a credit note's reason changes": ("UPDATE billing_creditnote SET reason = 'X'", BILL_FROZEN),
    "a credit note's credit is conjured up": (update("creditnote", "allocated = 0", "allocated > 0"), BILL_FROZEN),
    "a credit note is deleted": ("DELETE FROM billing_creditnote", FACTS),
    "credit notes are truncated": ("TRUNCATE billing_creditnote CASCADE", FACTS),
    "its line changes": ("UPDATE billing_creditnoteline SET amount = amount / 2", FACTS),
    "its line is deleted": ("DELETE FROM billing_creditnoteline", FACTS),
    "its lines are truncated": ("TRUNCATE billing_creditnoteline", FACTS),
    "a line is added": (
        copied("creditnoteline", first("creditnoteline"), days="NULL", frees_days="false"),
        "nothing is added to it",
    ),
    "its tax changes": ("UPDATE billing_creditnotetax SET tax = 0", FACTS),
    "its tax is deleted": ("DELETE FROM billing_creditnotetax", FACTS),
    "its taxes are truncated": ("TRUNCATE billing_creditnotetax", FACTS),
    "a tax is added": (copied("creditnotetax", first("creditnotetax"), name="'X'"), "nothing is added to it"),
    "days are freed that are not named": (
        copied("creditnoteline", first("creditnoteline"), credit_note_id="999999", days="NULL", frees_days="true"),
        "creditnoteline_days_of_a_line",
    ),
}

OTHERS = {
    "an access event changes": ("UPDATE billing_accessevent SET rule = 'X'", FACTS),
    "an access event is deleted": ("DELETE FROM billing_accessevent", FACTS),
    "access events are truncated": ("TRUNCATE billing_accessevent", FACTS),
    "an access event names no subscription": (
        copied("accessevent", first("accessevent"), subscription_id="0"),
        "does not exist",
    ),
    "an access event names no bill": (copied("accessevent", first("accessevent"), bill_id="0"), "does not exist"),
    "an access event names no run": (copied("accessevent", first("accessevent"), run_id="0"), "does not exist"),
    "a run that access events name is deleted": ("DELETE FROM billing_sweeprun", "named by access events"),
    "a run that access events name gets another number": (
        "UPDATE billing_sweeprun SET id = -id",
        "named by access events",
    ),
    "a subscription that access events name is deleted": ("DELETE FROM billing_subscription", "named by access events"),
    "a number series is turned back": (
        "UPDATE billing_numberseries SET last_value = last_value - 1",
        "is never turned back",
    ),
    "a number series gets another name": ("UPDATE billing_numberseries SET key = key || 'X'", "is never turned back"),
    "a number series is deleted": ("DELETE FROM billing_numberseries", FACTS),
    "number series are truncated": ("TRUNCATE billing_numberseries", FACTS),
    "a customer with documents is deleted": (
        "DELETE FROM billing_customer WHERE id IN (SELECT customer_id FROM billing_bill)",
        "foreign key",
    ),
    "a second unpaid block is opened": (
        "INSERT INTO billing_block (subscription_id, reason, opened_at, note) "
        "SELECT subscription_id, reason, now(), '' FROM billing_block WHERE closed_at IS NULL",
        "block_open_once_per_reason",
    ),
    "a discount takes nothing off": (
        "UPDATE billing_discount SET percent = NULL, fixed = NULL",
        "discount_percent_or_fixed",
    ),
}

REFUSALS = {"bill": BILLS, "line": LINES, "money": MONEY, "ledger": LEDGER, "credit note": NOTES, "other": OTHERS}
