"""What we read of daloRADIUS and of FreeRADIUS's tables beside it."""

from __future__ import annotations

from billing.models import ImportedFile

Kind = ImportedFile.Kind

TABLES = {
    "billing_plans": ("planName", "planCost", "planRecurringPeriod"),
    "userinfo": (
        "username",
        "firstname",
        "lastname",
        "email",
        "company",
        "workphone",
        "homephone",
        "mobilephone",
        "address",
        "city",
        "state",
        "zip",
    ),
    "userbillinfo": ("username", "planName", "nextbill"),
    "radusergroup": ("username", "groupname", "priority"),
    "radcheck": ("username", "attribute", "value"),
}
_PLANS = """
    SELECT planName AS name, planCost AS price,
        CASE planRecurringPeriod WHEN 'Daily' THEN '1 day' WHEN 'Weekly' THEN '1 week' WHEN 'Monthly' THEN '1 month'
            WHEN 'Quarterly' THEN '3 months' WHEN 'Semi-Yearly' THEN '6 months' WHEN 'Yearly' THEN '1 year'
            ELSE planRecurringPeriod END AS interval
    FROM billing_plans
"""
_CUSTOMERS = """
    SELECT code_of(username) AS code,
        COALESCE(NULLIF(TRIM(COALESCE(firstname, '') || ' ' || COALESCE(lastname, '')), ''), NULLIF(company, ''),
            username) AS name,
        COALESCE(NULLIF(mobilephone, ''), NULLIF(homephone, ''), workphone) AS phone, email,
        TRIM(TRIM(COALESCE(address, '') || ', ' || COALESCE(zip, '') || ' ' || COALESCE(state, '')), ', ') AS address,
        city AS area
    FROM userinfo
"""
# The plan is that of the billing table, else the first group; paid until the day before the next bill, else the
# Expiration that RADIUS checks. A group of daloRADIUS's own, or a reject, is how somebody is disabled there.
_SUBSCRIPTIONS = """
    SELECT users.username AS login, code_of(users.username) AS customer,
        COALESCE(NULLIF(bill.planName, ''), (
            SELECT groupname FROM radusergroup AS own
            WHERE own.username = users.username AND groupname <> 'daloRADIUS-Disabled-Users'
            ORDER BY CAST(priority AS INTEGER) LIMIT 1)) AS plan,
        COALESCE(CASE WHEN bill.nextbill > '1' THEN date(substr(bill.nextbill, 1, 10), '-1 day') END, (
            SELECT value FROM radcheck AS own
            WHERE own.username = users.username AND attribute = 'Expiration' LIMIT 1)) AS paid_until,
        CASE WHEN EXISTS (
            SELECT 1 FROM radusergroup AS own
            WHERE own.username = users.username AND groupname = 'daloRADIUS-Disabled-Users'
        ) OR EXISTS (
            SELECT 1 FROM radcheck AS own
            WHERE own.username = users.username AND attribute = 'Auth-Type' AND value = 'Reject'
        ) THEN 'disabled' ELSE 'active' END AS status
    FROM (SELECT username FROM userinfo UNION SELECT username FROM userbillinfo UNION
          SELECT username FROM radusergroup) AS users
    LEFT JOIN userbillinfo AS bill ON bill.username = users.username
"""
QUERIES: dict[str, tuple[str, str]] = {
    Kind.PLANS: ("billing_plans", _PLANS),
    Kind.CUSTOMERS: ("userinfo", _CUSTOMERS),
    Kind.SUBSCRIPTIONS: ("radusergroup", _SUBSCRIPTIONS),
}
NOTES = (
    (
        "SELECT count(*) FROM radcheck WHERE attribute NOT IN ('Expiration', 'Auth-Type')",
        "what RADIUS checks, passwords above all, of which only Expiration and rejects are read",
    ),
)
