"""Load the demo provider in one transaction: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from billing.demo import ADMIN, ADMIN_PASSWORD, bulk, catalog, password_of
from billing.demo.progress import Report
from billing.models import Customer, NumberSeries, Role
from billing.rules.money import exponent
from billing.rules.periods import start_of_day
from billing.services import books, clock
from billing.services.numbers import SERIES
from billing.services.reports import counting

SQL = Path(__file__).parent / "sql"
BATCH = 50_000  # rows of one statement, so that progress is seen

# The tables that grow with the number of customers.
LARGE = [
    "billing_customer", "billing_subscription", "billing_accessstate", "billing_billingstate", "billing_discount",
    "billing_bill", "billing_billline", "billing_billtax", "billing_item", "billing_payment", "billing_creditnote",
    "billing_creditnoteline", "billing_allocation", "billing_ledgerentry", "billing_account", "billing_hold",
    "billing_block", "billing_accessevent",
]  # fmt: skip
# Upper limits for one session; it takes only what it needs.
MEMORY = "SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL synchronous_commit = off"


@dataclass(frozen=True)
class Stage:
    """One statement that is run in batches of the ids of ``source``."""

    title: str
    file: str
    source: str


PREPARATION = ("functions", "terms", "profiles", "subscriptions", "periods")
BILLING = Stage("Billing a year", "unnumbered_bills", "demo_subscription")
STAGES = (
    Stage("Customers", "load_customers", "demo_customer"),
    Stage("Subscriptions", "load_subscriptions", "demo_subscription"),
    Stage("Bills", "load_bills", "demo_bill"),
    Stage("Lines of bills", "load_lines", "demo_bill"),
    Stage("Credit notes", "load_credit_notes", "demo_credit_note"),
    Stage("Payments", "load_payments", "demo_payment"),
    Stage("Allocations", "load_allocations", "demo_payment"),
    Stage("Access", "load_access", "demo_subscription"),
)
WITH_OUR_IDS = ("customer", "subscription", "bill", "payment", "creditnote")


class NotEmpty(Exception):
    """The database holds data that are not the demo's."""


def loaded() -> str | None:
    """What was loaded into this database, as it was noted down then; None when nothing was."""
    if not Customer.objects.exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('billing_customer'::regclass, 'pg_class')")
        note: str | None = cursor.fetchone()[0]
    return note


def load(*, customers: int, now: datetime, report: Report) -> None:
    """Load ``customers`` customers whose year of bills ends at ``now``.

    Raises:
        NotEmpty: there are customers, plans or documents already.
        BooksDiffer: the data made break a rule.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        _require_empty(cursor)
        cursor.execute(MEMORY)
        catalog.create(settings.CURRENCY)
        parameters = _parameters(customers, now, admin=_create_staff())
        _plan(cursor, parameters, report)
        guards = bulk.take_off(cursor, LARGE)
        for stage in STAGES:
            _run(cursor, stage, parameters, report)
        _execute(cursor, "load_holds", parameters)
        _execute(cursor, "load_accounts", parameters)
        _continue_numbers(cursor, customers)
        bulk.put_back(cursor, guards, lambda done, parts: report("Indexes and constraints", done, parts))
        cursor.execute(f"ANALYZE {', '.join(LARGE)}")
        _verify(now, report)
        note = f"Demo data: {customers} customers, loaded on {clock.local_date(now)}"
        cursor.execute("COMMENT ON TABLE billing_customer IS %s", [note])
    report("Figures of reports", 0, 1)
    counting.refresh(now=now)
    report("Figures of reports", 1, 1)


def _require_empty(cursor: Any) -> None:
    cursor.execute("LOCK TABLE billing_customer")  # A second loader waits here and then finds the data.
    cursor.execute(
        """
        SELECT EXISTS (SELECT FROM billing_customer) OR EXISTS (SELECT FROM billing_plan)
            OR EXISTS (SELECT FROM billing_area) OR EXISTS (SELECT FROM billing_numberseries)
        """
    )
    if cursor.fetchone()[0]:
        raise NotEmpty("This database already holds customers or plans. Load the demo into an empty database.")


def _create_staff() -> int:
    """One member of staff for each role, and the administrator, whose key is the answer."""
    users = get_user_model().objects
    for role in Role.objects.select_related("group"):
        if not users.filter(username=role.key).exists():
            user = users.create_user(role.key, password=password_of(role.key), is_staff=True)
            user.groups.add(role.group)
    admin = users.filter(username=ADMIN).first() or users.create_superuser(ADMIN, password=ADMIN_PASSWORD)
    return int(admin.pk)


def _parameters(customers: int, now: datetime, *, admin: int) -> dict[str, Any]:
    today, zone = clock.local_date(now), clock.zone()
    longest = max([settings.DUE_DAYS, 30]) + max([settings.GRACE_DAYS, 30])
    days = [today + timedelta(days=offset) for offset in range(-900 - longest, longest + 2)]
    return {
        "customers": customers,
        "now": now,
        "today": today,
        "days": days,
        "begins": [start_of_day(day, zone) for day in days],
        "due_days": settings.DUE_DAYS,
        "grace_days": settings.GRACE_DAYS,
        "currency": settings.CURRENCY,
        "decimals": exponent(settings.CURRENCY),
        "zone": settings.TIME_ZONE,
        "seller_name": settings.COMPANY_NAME,
        "seller_address": settings.COMPANY_ADDRESS,
        "seller_tax_id": settings.COMPANY_TAX_ID,
        "installation": catalog.in_currency(catalog.INSTALLATION_PRICE, settings.CURRENCY),
        "discount": catalog.DISCOUNT,
        "discount_percent": catalog.DISCOUNT_PERCENT,
        "codes": [offer.code for offer in catalog.OFFERS],
        "shares": [offer.share for offer in catalog.OFFERS],
        "areas": list(catalog.AREAS),
        "streets": list(catalog.STREETS),
        "first_names": list(catalog.FIRST_NAMES),
        "last_names": list(catalog.LAST_NAMES),
        "admin": admin,
        **{f"{key.replace(' ', '_')}_prefix": series.prefix for key, series in SERIES.items()},
    }


def _plan(cursor: Any, parameters: dict[str, Any], report: Report) -> None:
    """Work out in temporary tables what happened in the year."""
    for file in PREPARATION:
        _execute(cursor, file, parameters)
    _run(cursor, BILLING, parameters, report)
    report("Numbers in order of date", 0, 1)
    _execute(cursor, "numbering", parameters)
    report("Numbers in order of date", 1, 1)


def _run(cursor: Any, stage: Stage, parameters: dict[str, Any], report: Report) -> None:
    cursor.execute(f"SELECT count(*) FROM {stage.source}")  # noqa: S608  (a name of ours)
    rows = cursor.fetchone()[0]
    report(stage.title, 0, rows)
    for first in range(1, rows + 1, BATCH):
        last = min(first + BATCH - 1, rows)
        _execute(cursor, stage.file, {**parameters, "first": first, "last": last})
        report(stage.title, last, rows)


def _execute(cursor: Any, file: str, parameters: dict[str, Any]) -> None:
    cursor.execute((SQL / f"{file}.sql").read_text(encoding="utf-8"), parameters)


def _verify(now: datetime, report: Report) -> None:
    done: list[books.Result] = []

    def tell(result: books.Result) -> None:
        done.append(result)
        report("Checks of all rows", len(done), len(books.CHECKS))

    books.require(books.verify(now=now, report=tell))


def _continue_numbers(cursor: Any, customers: int) -> None:
    """The next numbers and row ids follow the last ones given (rule M10)."""
    for table in WITH_OUR_IDS:
        highest = f"SELECT max(id) FROM billing_{table}"  # noqa: S608  (a name of ours)
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('billing_{table}', 'id'), ({highest}))")
    cursor.execute(
        """
        SELECT
            (SELECT count(*) FROM billing_bill),
            (SELECT count(*) FROM billing_payment),
            (SELECT count(*) FROM billing_creditnote)
        """
    )
    bills, receipts, notes = cursor.fetchone()
    for key, last in {"customer": customers, "bill": bills, "receipt": receipts, "credit note": notes}.items():
        series = SERIES[key]
        NumberSeries.objects.create(key=key, prefix=series.prefix, digits=series.digits, last_value=last)
