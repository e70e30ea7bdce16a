"""How the business goes: from kept figures, which say how old they are, with the report or the list behind each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.admin import report_pages
from billing.admin.cards import Card, Section
from billing.admin.formatting import day, list_of, money
from billing.admin.panels import Panel
from billing.admin.report_tables import chart_of
from billing.admin.reports import age
from billing.admin.reports_of_customers import ages_chart, churn_of, plans_of, revenue_chart
from billing.admin.reports_of_money import SHORT_DAY
from billing.models import Bill, Customer
from billing.services import clock, summary
from billing.services.reports import collections, kept, receivables, recurring
from billing.services.wording import counted

DAYS_SHOWN, MONTHS_SHOWN = 30, 12


NOT_OF_AREAS = Section(
    gettext_lazy("How the business goes"),
    (),
    gettext_lazy("These figures are of all areas. You are limited to some, so you do not see them; nor the reports."),
)


def section(now: datetime) -> Section:
    """The cards; the note says when the figures were counted."""
    today = clock.local_date(now)
    cards = [*_collected(today), *_owed(today), *_running(today)]
    return Section(_("How the business goes"), cards, _("counted: %s") % age(kept.counted_at(), now))


def panels(now: datetime) -> list[Panel]:
    """What came in, what is owed, and what recurs, as charts; and the plans."""
    today = clock.local_date(now)
    since = today - timedelta(days=DAYS_SHOWN - 1)
    found = {row.head: row.net for row in collections.by("day", since, today)}
    days = [since + timedelta(days=ahead) for ahead in range(DAYS_SHOWN)]
    collected = chart_of(
        _("Collected by day"),
        ((formats.date_format(on, SHORT_DAY), day(on), found.get(on, Decimal(0))) for on in days),
    )
    month = recurring.first_of(today)
    months = recurring.by_month(month - relativedelta(months=MONTHS_SHOWN - 1), month)
    query = f"?since={since}&until={today}"
    return [
        _chart(_("Collected in the last 30 days"), collected, report_pages.COLLECTIONS.address() + query),
        _chart(_("Left to pay by age"), ages_chart(receivables.by_age(today)), report_pages.RECEIVABLES.address()),
        _chart(_("Recurring revenue by month"), revenue_chart(months), report_pages.REVENUE.address()),
        plans_of(recurring.by_plan(month), more=report_pages.REVENUE.address()),
    ]


def _chart(title: str, chart: str, more: str) -> Panel:
    return Panel(title, (), chart=chart, empty="" if chart else _("Nothing yet."), more=more)


def _collected(today: date) -> list[Card]:
    first, a_month_ago = today.replace(day=1), today - relativedelta(months=1)
    on_day, then = collections.total(today, today), collections.total(a_month_ago, a_month_ago)
    month, before = collections.total(first, today), collections.total(a_month_ago.replace(day=1), a_month_ago)
    page = report_pages.COLLECTIONS.address()
    of_today = f"{page}?since={today}&until={today}&by=method"
    return [
        Card(_("Collected today"), money(on_day.net), _("%s a month ago") % money(then.net), of_today, "payments"),
        Card(
            _("Collected this month"),
            money(month.net),
            _("%(amount)s by %(day)s") % {"amount": money(before.net), "day": day(a_month_ago)},
            page,
            "calendar_month",
        ),
    ]


def _owed(today: date) -> list[Card]:
    current, *late = receivables.by_age(today)
    overdue = sum(late, receivables.Open())
    whole, bills = current + overdue, list_of(Bill, "?state=open")
    return [
        Card(_("Left to pay"), money(whole.amount), counted(whole.bills, "bill"), bills, "receipt_long"),
        Card(
            _("Of it overdue"),
            money(overdue.amount),
            counted(overdue.bills, "bill"),
            list_of(Bill, "?state=overdue"),
            "alarm",
            overdue.bills > 0,
        ),
    ]


def _running(today: date) -> list[Card]:
    month, page = recurring.first_of(today), report_pages.REVENUE.address()
    found = {row.head: row for row in recurring.by_month(month - relativedelta(months=1), month)}
    customers = Card(_("Customers"), f"{summary.customer_count():,}", _("on the books"), list_of(Customer), "groups")
    if not (now := found.get(month)):
        return [customers]
    per_customer = _("%s per customer") % money(now.per_customer)
    before = {row.head + relativedelta(months=1): row for row in found.values()}
    moves = {"gained": f"{now.gained:,}", "lost": f"{now.lost:,}", "churn": churn_of(now, before)}
    return [
        customers,
        Card(
            _("Subscriptions that run"),
            f"{now.subscriptions:,}",
            _("this month %(gained)s gained, %(lost)s lost: churn %(churn)s") % moves,
            page,
            "router",
        ),
        Card(_("Recurring revenue"), money(now.recurring), per_customer, page, "trending_up"),
    ]
