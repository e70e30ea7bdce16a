"""The pages of reports: figures with their meaning, filters, a chart, and a file (rule S8)."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.admin.report_pages import REPORTS
from billing.models import Area, TaxRate
from billing.services import deferrals, payments
from billing.services.reports import counting
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.faces.conftest import text_of
from tests.faces.desk import facts

NOW = at("2026-05-05T12:00")


@pytest.fixture
def history(today):
    """Two areas, two plans, taxes, an overdue debt with a promise, and money of three days."""
    today("2026-05-05")
    north, rate = Area.objects.create(name="North"), TaxRate.objects.create(name="VAT", percent=20, inclusive=False)
    ann, bob = make_customer(name="=Ann", area=north, now=at("2026-01-01")), make_customer(now=at("2026-01-01"))
    slow, fast = make_plan(name="Slow", price="20"), make_plan(name="Fast", price="50", tax_rate=rate)
    for customer, plan in ((ann, slow), (bob, fast)):
        subscription = make_subscription(customer=customer, plan=plan, starts_on=date(2026, 4, 1))
        issue_next(subscription, now=at("2026-04-01"))
        issue_next(subscription, now=at("2026-05-01"))
    for customer, amount, day in ((bob, 60, "2026-04-20"), (bob, 10, "2026-05-04"), (ann, 5, "2026-05-05")):
        payments.receive(customer=customer, amount=Decimal(amount), method="card", now=at(day))
    deferrals.promise(customer=ann, until=date(2026, 5, 8), why="Salary", now=NOW)
    counting.refresh(now=NOW)
    return north


def look(client, name, **query):
    return client.get(reverse(f"report_{name}"), query)


def rows_of(response, panel=0):
    """The cells of a panel as text."""
    return [
        tuple(str(cell).split(">")[-2].split("<")[0] if "<" in str(cell) else str(cell) for cell in row)
        for row in response.context["panels"][panel].rows
    ]


def file_of(client, name, **query):
    response = look(client, name, format="csv", **query)
    return b"".join(response.streaming_content).decode().splitlines()


def test_what_is_left_to_pay_by_age(admin_client, history):
    page = look(admin_client, "receivables")
    assert rows_of(page) == [
        ("Not due", "2", "$70.00"), ("1–30 days", "1", "$15.00"), ("31–60 days", "0", "$0.00"),
        ("61–90 days", "0", "$0.00"), ("Over 90 days", "0", "$0.00"), ("Total", "3", "$85.00"),
    ]  # fmt: skip
    assert rows_of(page, 1)[0][:3] == ("North", "$20.00", "$15.00")
    assert facts(page)["Of it overdue"] == "$15.00"
    assert rows_of(look(admin_client, "receivables", area=history.pk))[-1] == ("Total", "2", "$35.00")
    head, *rows = file_of(admin_client, "receivables")
    assert head == "Customer,Name,Area,Not due,1–30 days,31–60 days,61–90 days,Over 90 days,Total"
    assert [row.split(",", 1)[1] for row in rows] == [
        "Test customer,,50.00,,,,,50.00", "'=Ann,North,20.00,15.00,,,,35.00",
    ]  # fmt: skip


def test_each_age_leads_to_its_bills(admin_client, history):
    rows = look(admin_client, "receivables").context["panels"][0].rows
    for row in rows[:5]:
        address = str(row[0]).split('href="')[1].split('"')[0].replace("&amp;", "&")
        listed = admin_client.get(address).context["cl"].queryset
        assert str(listed.count()) == str(row[1]).split(">")[1].split("<")[0]


def test_money_by_day_and_otherwise(admin_client, history):
    page = look(admin_client, "collections")
    assert rows_of(page) == [
        ("May 4, 2026", "1", "$10.00", "$0.00", "$10.00"), ("May 5, 2026", "1", "$5.00", "$0.00", "$5.00"),
        ("Total", "2", "$15.00", "$0.00", "$15.00"),
    ]  # fmt: skip
    all_of_it = {"since": "2026-04-01", "until": "2026-05-05"}
    assert rows_of(look(admin_client, "collections", by="method", **all_of_it))[0][-1] == "$75.00"
    assert rows_of(look(admin_client, "collections", by="method", method="cash", **all_of_it)) == []
    assert rows_of(look(admin_client, "collections", by="staff", **all_of_it))[0][0] == "Not by staff"
    assert [row[0] for row in rows_of(look(admin_client, "collections", by="area", **all_of_it))][:2] == [
        "North", "No area",
    ]  # fmt: skip
    assert file_of(admin_client, "collections")[1] == "2026-05-04,1,10.00,0.00,10.00"


def test_income_by_plan_area_and_month(admin_client, history):
    assert rows_of(look(admin_client, "income"))[:2] == [
        ("Fast", "$50.00", "$0.00", "$0.00", "$0.00", "$50.00"),
        ("Slow", "$20.00", "$0.00", "$0.00", "$0.00", "$20.00"),
    ]
    page = look(admin_client, "income", by="month", since="2026-04-01")
    assert [row[-1] for row in rows_of(page)] == ["$70.00", "$70.00", "$140.00"]
    assert facts(page)["Income"] == "$140.00"
    assert rows_of(look(admin_client, "income", by="area"))[0][0] == "North"


def test_tax_by_rate(admin_client, history):
    rows = rows_of(look(admin_client, "tax"))
    assert [row[:4] for row in rows[:2]] == [
        ("May 2026", "No tax", "$20.00", "$0.00"), ("May 2026", "VAT (20 %)", "$50.00", "$10.00"),
    ]  # fmt: skip


def test_revenue_by_month_and_plan(admin_client, history):
    page = look(admin_client, "revenue")
    assert [row[:2] for row in rows_of(page)] == [("April 2026", "$70.00"), ("May 2026", "$70.00")]
    assert [row[0] for row in rows_of(page, 1)] == ["Fast", "Slow", "Total"]
    assert facts(page)["Per customer"] == "$35.00"
    assert facts(page)["Churn this month"] == "0.00 %"
    assert file_of(admin_client, "revenue")[0].startswith("Month,Revenue,")


def test_what_is_expected(admin_client, history):
    rows = rows_of(look(admin_client, "expected"))
    assert rows[3] == ("May 8, 2026", "0", "$0.00", "1", "$15.00", "$15.00")
    assert len(rows) == 8


def test_each_page_has_its_meaning_its_age_and_a_chart(admin_client, history):
    for report in REPORTS:
        query = {"report_income": {"by": "area"}, "report_tax": {"since": "2026-04-01"}}.get(report.name, {})
        page = admin_client.get(report.address(), query)
        assert facts(page)["Counted"] == "0 minutes ago, as of May 5, 2026, noon"
        assert page.context["panels"][-1].sentences == [str(sentence) for sentence in report.meaning]
        assert '<svg role="img"' in text_of(page), report.name


def test_nothing_is_shown_before_it_is_counted_and_to_who_may_not(admin_client, staff):
    other = staff("view_bill")
    for report in REPORTS:
        assert "Not yet" in facts(admin_client.get(report.address()))["Counted"]
        assert other.get(report.address()).status_code == 403


@pytest.mark.parametrize(
    "query", [{"since": "x"}, {"since": "2026-05-05", "until": "2026-05-01"}, {"since": "2000-01-01"}, {"by": "x"}]
)
def test_a_question_that_makes_no_sense_is_explained(admin_client, query):
    page = look(admin_client, "collections", **query, format="csv")
    assert page.context["form"].errors
    assert "facts" not in page.context
