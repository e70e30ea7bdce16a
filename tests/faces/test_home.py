"""The first page: what waits for staff, and how the business goes, for each as far as they may see it."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.admin.report_pages import REPORTS
from billing.models import Area, StaffArea, SweepFinding, SweepRun
from billing.services import deferrals, payments
from billing.services.reports import counting
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.faces.conftest import text_of, url
from tests.faces.roles import somebody
from tests.faces.test_every_action import unmatched_money


def cards(response):
    return {card.title: (card.figure, card.note) for part in response.context["sections"] for card in part.cards}


def titles(response):
    return [panel.title for panel in response.context["panels"]]


def test_the_first_page_tells_what_waits_and_how_the_business_goes(admin_client, today):
    subscription = make_subscription(plan=make_plan(name="Fast"), starts_on=date(2026, 4, 1), customer=make_customer())
    for day in ("2026-04-01", "2026-05-01"):
        issue_next(subscription, now=at(day))
    for amount, day in ((4, "2026-04-04"), (3, "2026-04-05"), (2, "2026-04-06"), (5, "2026-05-01"), (1, "2026-05-05")):
        payments.receive(customer=subscription.customer, amount=Decimal(amount), method="cash", now=at(day))
    today("2026-05-05")
    counting.refresh(now=at("2026-05-05T11:57"))
    page = admin_client.get("/admin/")
    told = cards(page)
    told.pop("Scheduler", None)  # none leads here
    assert told == {
        "To be cut today": ("1", "if nothing is paid"),
        "To be cut tomorrow": ("0", "if nothing is paid"),
        "Promises end": ("0", "today or tomorrow"),
        "Off as unpaid": ("0", "subscriptions"),
        "Collected today": ("$1.00", "$3.00 a month ago"),
        "Collected this month": ("$6.00", "$7.00 by April 5, 2026"),
        "Left to pay": ("$25.00", "2 bills"),
        "Of it overdue": ("$5.00", "1 bill"),
        "Customers": ("1", "on the books"),
        "Subscriptions that run": ("1", "this month 0 gained, 0 lost: churn 0.00 %"),
        "Recurring revenue": ("$20.00", "$20.00 per customer"),
    }
    notes = [section.note for section in page.context["sections"]]
    assert notes == ["as of this moment", "counted: 3 minutes ago, as of May 5, 2026, 11:57 a.m."]
    assert text_of(page).count('<svg role="img"') == 3
    assert titles(page)[:4] == [
        "Collected in the last 30 days", "Left to pay by age", "Recurring revenue by month", "By plan, today",
    ]  # fmt: skip


def test_every_figure_leads_somewhere(admin_client, disabled):
    counting.refresh(now=timezone.now())
    page = admin_client.get("/admin/")
    for section in page.context["sections"]:
        for card in section.cards:
            assert admin_client.get(card.link).status_code == 200, card
    for panel in page.context["panels"]:
        assert admin_client.get(panel.more).status_code == 200, panel


def test_the_first_page_works_before_anything_is_counted(admin_client):
    page = admin_client.get("/admin/")
    assert cards(page)["Of it overdue"] == ("$0.00", "0 bills")
    assert "Not yet" in page.context["sections"][1].note


def test_promises_that_end_today_or_tomorrow_are_told_with_their_list(admin_client, disabled):
    today = timezone.localdate()
    deferrals.promise(customer=disabled.customer, until=today, why="Salary", now=timezone.now())
    page = admin_client.get("/admin/")
    assert cards(page)["Promises end"][0] == "1"
    [card] = [card for card in page.context["sections"][0].cards if card.title == "Promises end"]
    assert admin_client.get(card.link).context["cl"].queryset.count() == 1


def test_what_the_expiry_check_cannot_disable_is_told(admin_client, today):
    subscription = make_subscription(starts_on=date(2026, 4, 1))
    issue_next(subscription, now=at("2026-04-01"))
    run = SweepRun.objects.create(as_of=at("2026-05-05"), set_aside=1)
    SweepFinding.objects.create(run=run, subscription=subscription, kind="set aside", error="broken")
    today("2026-05-05")
    page = admin_client.get("/admin/")
    [card] = [card for card in page.context["sections"][0].cards if card.title == "Not disabled"]
    assert (card.figure, card.link, card.alarming) == ("1", url(run), True)


def test_money_that_nobody_claimed_is_told_with_its_list(admin_client):
    money = unmatched_money()
    page = admin_client.get("/admin/")
    [card] = [card for card in page.context["sections"][0].cards if card.title == "Unmatched money"]
    assert (card.figure, card.alarming) == ("1", True)
    assert list(admin_client.get(card.link).context["cl"].result_list) == [money]


@pytest.mark.parametrize("role", ["cashier", "support", "technician"])
def test_roles_without_business_see_none_of_it(role, disabled):
    counting.refresh(now=timezone.now())
    page = somebody(role).get("/admin/")
    assert [section.title for section in page.context["sections"]] == ["Needs attention"]
    assert '<svg role="img"' not in text_of(page)
    assert REPORTS[0].address() not in text_of(page)


def test_who_is_limited_to_areas_sees_no_business_and_only_their_own_attention(disabled, django_user_model):
    manager = somebody("manager")
    assert len(manager.get("/admin/").context["sections"]) == 2
    user = django_user_model.objects.get(username="the-manager")
    StaffArea.objects.create(user=user, area=Area.objects.create(name="North"))
    page = manager.get("/admin/")
    attention, business = page.context["sections"]
    assert (attention.title, list(business.cards)) == ("Needs attention", [])
    assert "You are limited to some, so you do not see them" in text_of(page)
    assert cards(page)["Off as unpaid"][0] == "0"
    assert manager.get(reverse("report_tax")).status_code == 403


def test_the_first_page_shows_only_what_the_member_of_staff_may_see(staff):
    response = staff("view_holiday").get("/admin/")
    assert (cards(response), response.context["panels"]) == ({}, [])
    assert "no permissions yet" in text_of(staff().get("/admin/"))


def test_the_sidebar_leads_only_where_the_member_of_staff_may_go(staff):
    page = text_of(staff("view_customer").get("/admin/"))
    assert "/admin/billing/customer/" in page
    assert "/admin/billing/payment/" not in page
    assert "/admin/reports/" not in page


def test_the_pages_carry_the_companys_name(admin_client, settings):
    assert settings.COMPANY_NAME in text_of(admin_client.get("/admin/"))


def test_more_rows_take_no_more_queries(admin_client, disabled, django_assert_max_num_queries):
    counting.refresh(now=timezone.now())
    admin_client.get("/admin/")
    with django_assert_max_num_queries(100) as few:
        admin_client.get("/admin/")
    for _ in range(3):
        payments.receive(customer=make_customer(), amount=Decimal(5), method="cash", now=timezone.now())
    counting.refresh(now=timezone.now())
    with django_assert_max_num_queries(len(few)):
        admin_client.get("/admin/")
