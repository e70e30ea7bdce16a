"""The rules in force: each setting with its value and source, and the terms of plans and customers (rules B3, E16)."""

import os
from unittest import mock

import pytest
from django.urls import reverse

from billing.models import Customer, Holiday
from tests.builders import make_customer, make_plan, make_subscription
from tests.faces.conftest import text_of, url
from utils.env import Env


def look(client):
    return client.get(reverse("rules_in_force"))


def rules(response):
    """Value and source by the name of the setting."""
    return {row[3]: (row[1], "environment" in row[2]) for row in response.context["panels"][0].rows}


def test_each_setting_of_enforcement_is_shown_with_its_value_and_source(admin_client, settings):
    settings.FROM_ENVIRONMENT = {"CUT_OFF_TIME", "WEEKDAYS_WITHOUT_CUTS", "REMINDER_DAYS"}
    settings.CUT_OFF_TIME, settings.WEEKDAYS_WITHOUT_CUTS = "09:30", ["fri", "sat"]
    settings.REMINDER_DAYS, settings.MINIMUM_DEBT, settings.MAX_CUTS_PERCENT = ["-3", "1"], "2.50", 10
    shown = rules(look(admin_client))
    assert shown["CUT_OFF_TIME"] == ("09:30", True)
    assert shown["WEEKDAYS_WITHOUT_CUTS"] == ("Friday, Saturday", True)
    assert shown["REMINDER_DAYS"] == ("3 days before the due date, 1 day after the due date", True)
    assert shown["MINIMUM_DEBT"] == ("$2.50", False)
    assert shown["MAX_CUTS_PERCENT"] == ("10 %", False)
    assert shown["END_AFTER_DAYS"] == ("never", False)
    assert shown["ONE_OFF_BILLS_CUT"] == ("no", False)
    assert shown["DUE_DAYS"] == ("14 days", False)


def test_no_setting_of_enforcement_is_left_out(admin_client):
    from pathlib import Path

    from django.conf import settings

    text = (Path(settings.BASE_DIR) / "isp_billing/settings.py").read_text()
    section = text.split("# --- Enforcement ")[1].split("# ---")[0]
    names = {line.split(" = ")[0] for line in section.splitlines() if " = env." in line}
    assert len(names) > 5
    assert names <= rules(look(admin_client)).keys()


@pytest.mark.parametrize(
    ("environment", "changed"),
    [
        ({}, set()),
        ({"DUE_DAYS": "14", "CUT_OFF_TIME": "00:00", "ONE_OFF_BILLS_CUT": "0"}, set()),
        ({"DUE_DAYS": "7", "CUT_OFF_TIME": "09:30", "ONE_OFF_BILLS_CUT": "1"}, None),
        ({"DUE_DAYS": "soon"}, set()),
    ],
)
def test_a_setting_comes_from_the_environment_when_it_is_not_its_default(environment, changed):
    with mock.patch.dict(os.environ, environment, clear=True):
        env = Env()
        env.number("DUE_DAYS", 14, least=0)
        env.text("CUT_OFF_TIME", "00:00")
        env.flag("ONE_OFF_BILLS_CUT", False)
    assert env.changed == (set(environment) if changed is None else changed)


def test_e10_the_page_tells_when_the_next_cuts_may_happen(admin_client, settings, today):
    today("2026-05-05")
    settings.CUT_OFF_TIME = "09:30"
    Holiday.objects.create(day="2026-05-05", name="Feast")
    response = look(admin_client)
    assert response.context["facts"] == [("The next cuts may happen", "May 6, 2026, 9:30 a.m.")]
    assert "Feast" in text_of(response)


def terms_on(client, row):
    [panel] = [panel for panel in client.get(url(row)).context["panels"] if panel.title == "Rules in force"]
    return panel.rows


@pytest.mark.parametrize(
    ("plan", "shown"),
    [
        (
            {"due_days": None, "mode": "postpaid"},
            ("14 days (installation)", "0 days (installation)", "never (installation)"),
        ),
        ({"due_days": 7, "grace_days": 1, "end_after_days": 90}, ("7 days (plan)", "1 day (plan)", "90 days (plan)")),
        (
            {"due_days": None, "lead_days": 5},
            ("until the last paid day (plan)", "0 days (plan)", "never (installation)"),
        ),
    ],
)
def test_b3_e16_the_page_of_a_plan_tells_its_terms_and_who_says_so(admin_client, plan, shown):
    assert terms_on(admin_client, make_plan(**plan)) == [shown]


def test_b3_a_customers_own_days_come_before_those_of_the_plan(admin_client):
    customer = make_customer()
    subscription = make_subscription(customer=customer, plan=make_plan(due_days=7, grace_days=1), login="ann-home")
    values = {"name": customer.name, "due_days": "30", "grace_days": ""}
    admin_client.post(url(customer), values)
    [row] = terms_on(admin_client, customer)
    assert url(subscription) in row[0]
    assert row[2:] == ("30 days (customer)", "1 day (plan)", "never (installation)")


def test_b3_a_new_customer_may_have_days_of_its_own(admin_client):
    from uuid import uuid4

    values = {"request_key": uuid4(), "name": "Ann Lee", "due_days": "30", "grace_days": "5"}
    for _ in range(2):
        admin_client.post("/admin/billing/customer/add/", values)
    customer = Customer.objects.get()
    assert (customer.due_days, customer.grace_days) == (30, 5)


def test_e16_a_plan_says_when_it_ends_and_whether_a_payment_reopens_it(admin_client):
    plan = make_plan()
    page = admin_client.get(url(plan))
    values = {name: page.context["adminform"].form[name].value() for name in page.context["adminform"].form.fields}
    values = {name: value for name, value in values.items() if value not in (None, False)}
    del values["reopens_when_paid"]
    admin_client.post(url(plan), {**values, "bills_while_unpaid": "unknown", "end_after_days": "60"})
    plan.refresh_from_db()
    assert (plan.end_after_days, plan.reopens_when_paid) == (60, False)
