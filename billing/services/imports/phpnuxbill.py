"""What we read of PHPNuxBill."""

from __future__ import annotations

from billing.models import ImportedFile

Kind = ImportedFile.Kind

TABLES = {
    "tbl_bandwidth": ("id", "rate_down", "rate_down_unit", "rate_up", "rate_up_unit"),
    "tbl_plans": ("name_plan", "id_bw", "price", "type", "validity", "validity_unit", "prepaid"),
    "tbl_customers": (
        "username",
        "pppoe_username",
        "fullname",
        "address",
        "city",
        "phonenumber",
        "email",
        "balance",
        "status",
    ),
    "tbl_user_recharges": ("username", "namebp", "recharged_on", "expiration", "type"),
    "tbl_transactions": ("invoice", "username", "plan_name", "price", "recharged_on", "expiration", "type"),
}
_PLANS = """
    SELECT name_plan AS name, price,
        validity || ' ' || CASE validity_unit WHEN 'Days' THEN 'days' WHEN 'Months' THEN 'months'
            WHEN 'Period' THEN 'months' ELSE validity_unit END AS interval,
        CASE WHEN prepaid = 'no' THEN 'postpaid' ELSE 'prepaid' END AS mode,
        rate_down * CASE rate_down_unit WHEN 'Mbps' THEN 1000 ELSE 1 END AS download_kbps,
        rate_up * CASE rate_up_unit WHEN 'Mbps' THEN 1000 ELSE 1 END AS upload_kbps
    FROM tbl_plans LEFT JOIN tbl_bandwidth ON tbl_bandwidth.id = id_bw
    WHERE COALESCE(type, '') <> 'Balance'
"""
# Empty phones and addresses for mail are 0 and 1 there; the balance is what the customer has deposited.
_CUSTOMERS = """
    SELECT code_of(username) AS code, COALESCE(NULLIF(fullname, ''), username) AS name,
        NULLIF(phonenumber, '0') AS phone, NULLIF(email, '1') AS email, address, city AS area,
        -CAST(COALESCE(balance, '0') AS REAL) AS balance
    FROM tbl_customers
"""
_SUBSCRIPTIONS = """
    SELECT COALESCE(NULLIF(customer.pppoe_username, ''), recharge.username) AS login,
        code_of(recharge.username) AS customer, namebp AS plan, recharged_on AS starts_on, expiration AS paid_until,
        CASE WHEN customer.status IN ('Banned', 'Disabled') THEN 'disabled' ELSE 'active' END AS status
    FROM tbl_user_recharges AS recharge LEFT JOIN tbl_customers AS customer ON customer.username = recharge.username
    WHERE COALESCE(recharge.type, '') <> 'Balance'
"""
QUERIES: dict[str, tuple[str, str]] = {
    Kind.PLANS: ("tbl_plans", _PLANS),
    Kind.CUSTOMERS: ("tbl_customers", _CUSTOMERS),
    Kind.SUBSCRIPTIONS: ("tbl_user_recharges", _SUBSCRIPTIONS),
}
NOTES = (
    (
        "SELECT count(*) FROM tbl_transactions",
        "the transactions, which paid for days that are over or that “paid until” counts; "
        "as payments here they would be credit for them a second time",
    ),
    ("SELECT count(*) FROM tbl_plans WHERE type = 'Balance'", "plans for topping up a balance"),
)
