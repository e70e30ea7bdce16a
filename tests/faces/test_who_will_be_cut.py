"""Who will be cut: the same answer as the real run, for those who call before it happens (rules E10, E13, E14)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.models import Area, Holiday, NetworkAccount, SweepRun
from billing.services import deferrals, expiry_preview, sweep
from tests.builders import at, issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.faces.conftest import text_of, url
from tests.faces.desk import everything_stored, facts
from tests.services.network.situations import account, make_router

TODAY = "2026-05-05"  # a Tuesday
NOON = at(f"{TODAY}T12:00")


@pytest.fixture(autouse=True)
def _noon(today):
    today(TODAY)


def due_in(days, **changes):
    """A subscription with 20.00 unpaid whose cut-off is ``days`` after today's midnight."""
    customer = changes.pop("customer", None) or make_customer(name=f"Due in {days}", now=at("2026-04-01"))
    plan = changes.pop("plan", None) or make_plan()
    issued = at(TODAY) + timedelta(days=days - 15)
    subscription = make_subscription(plan=plan, customer=customer, starts_on=issued.date(), now=issued, **changes)
    issue_next(subscription, now=issued)
    return subscription


def look(client, **query):
    return client.get(reverse("who_will_be_cut"), query)


def rows_of(response):
    [panel] = response.context["panels"]
    return panel.rows


def logins(response):
    return [row[3].split(">")[1].split("<")[0] for row in rows_of(response)]


def file_of(response):
    return b"".join(response.streaming_content).decode().splitlines()


def test_e13_each_window_names_those_whom_the_run_then_cuts(admin_client):
    for days in (-1, 0, 1, 2, 7, 8):
        due_in(days, login=f"in-{days}")
    assert logins(look(admin_client)) == ["in--1", "in-0"]
    assert logins(look(admin_client, days="1")) == ["in--1", "in-0", "in-1"]
    assert logins(look(admin_client, days="7")) == ["in--1", "in-0", "in-1", "in-2", "in-7"]
    assert len(sweep.disable_due(now=at("2026-05-12T23:59"), limit=10).disabled) == 5


def test_e13_a_row_tells_whom_to_call_and_what_is_owed(admin_client):
    area = Area.objects.create(name="North")
    customer = make_customer(name="Ann Lee", phone="555-1", area=area, now=at("2026-04-01"))
    subscription = due_in(1, customer=customer, login="ann-home", plan=make_plan(name="Fast", code="fast"))
    [row] = rows_of(look(admin_client, days="1"))
    assert url(customer) in row[0]
    assert "Ann Lee" in row[0]
    assert url(subscription) in row[3]
    assert (row[2], row[4], row[7]) == ("North", "Fast", "May 6, 2026, midnight")
    assert "555-1" in row[1]
    assert "$20.00" in row[5]
    assert "May 5, 2026" in row[6]


def test_e13_the_totals_count_a_customer_with_two_subscriptions_once(admin_client):
    first = due_in(0)
    due_in(0, customer=first.customer)
    due_in(0)
    shown = facts(look(admin_client))
    assert shown["Due"] == "3 subscriptions of 2 customers"
    assert shown["They owe"] == "$60.00"
    assert "Nothing is changed by looking" in shown["As of"]


def test_e13_the_list_is_narrowed_down_by_area_and_plan(admin_client):
    area, plan = Area.objects.create(name="North"), make_plan()
    due_in(0, login="north", customer=make_customer(area=area, now=at("2026-04-01")))
    due_in(0, login="fast", plan=plan)
    assert logins(look(admin_client, area=area.pk)) == ["north"]
    assert logins(look(admin_client, plan=plan.pk)) == ["fast"]
    assert logins(look(admin_client, area=area.pk, plan=plan.pk)) == []
    assert facts(look(admin_client, area=area.pk))["Due"] == "1 subscription of 1 customer"
    assert "north" in "".join(file_of(look(admin_client, area=area.pk, format="csv")))
    assert len(file_of(look(admin_client, area=area.pk, format="csv"))) == 2


def test_e13_the_file_has_all_rows_and_nothing_that_a_spreadsheet_would_run(admin_client, monkeypatch):
    monkeypatch.setattr("billing.admin.who_will_be_cut.ROWS_A_PAGE", 1)
    due_in(0, customer=make_customer(name="=1+1", now=at("2026-04-01")))
    due_in(0)
    response = look(admin_client, format="csv")
    assert response["Content-Disposition"] == 'attachment; filename="who-will-be-cut-2026-05-05-2026-05-05.csv"'
    head, *rows = file_of(response)
    assert head == ",".join(expiry_preview.COLUMNS)
    assert len(rows) == 2
    assert ",'=1+1," in rows[0]
    assert ",20.00,1,2026-05-04," in rows[0]


def test_a_long_list_comes_in_pages(admin_client, monkeypatch):
    monkeypatch.setattr("billing.admin.who_will_be_cut.ROWS_A_PAGE", 2)
    for number in range(3):
        due_in(0, login=f"number-{number}")
    first = look(admin_client)
    assert logins(first) == ["number-0", "number-1"]
    assert first.context["earlier"] == ""
    second = admin_client.get(reverse("who_will_be_cut") + first.context["later"])
    assert logins(second) == ["number-2"]
    assert second.context["later"] == ""
    assert second.context["earlier"].endswith("page=1")


def test_e13_looking_changes_nothing(admin_client):
    due_in(0)
    before = everything_stored()
    look(admin_client, days="7")
    file_of(look(admin_client, format="csv"))
    assert everything_stored() == before


def test_e10_a_day_without_cuts_is_said_and_later_days_are_cut(admin_client):
    Holiday.objects.create(day=at(TODAY).date(), name="Feast")
    due_in(0, login="waits")
    page = look(admin_client)
    assert page.context["warnings"] == ["There are no cuts until May 6, 2026, midnight."]
    assert rows_of(page)[0][7] == "May 6, 2026, midnight"
    assert sweep.disable_due(now=NOON, limit=10).disabled == []
    assert look(admin_client, days="1").context["warnings"] == []


def test_e10_who_falls_due_on_days_without_cuts_is_cut_after_them(admin_client, settings):
    settings.WEEKDAYS_WITHOUT_CUTS = ["mon", "tue"]
    due_in(6, login="on-monday")
    due_in(5, login="on-sunday")
    assert logins(look(admin_client, days="7")) == ["on-sunday"]


def test_e14_a_run_that_the_breaker_would_hold_is_said_with_its_day(admin_client, settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 50, 0
    due_in(0)
    for _ in range(2):
        due_in(2)
    assert look(admin_client, days="1").context["warnings"] == []
    said = "On May 7, 2026 the circuit breaker would hold 2 subscriptions until staff confirm the run."
    assert look(admin_client, days="7").context["warnings"] == [said]


def test_e14_a_run_that_is_held_now_is_named(admin_client, staff, settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 0
    due_in(0)
    sweep.disable_due(now=NOON, limit=10)
    run = SweepRun.objects.get(status="held")
    assert url(run) in look(admin_client).context["warnings"][0]
    [said] = look(staff("view_customer", "view_subscription")).context["warnings"]
    assert said.startswith(f"The circuit breaker holds {run}, which would disable 1 subscription: nobody is cut")


def test_e11_who_has_promised_is_not_on_the_list(admin_client):
    subscription = due_in(0)
    deferrals.promise(customer=subscription.customer, until=at("2026-05-09").date(), why="Salary", now=NOON)
    assert rows_of(look(admin_client)) == []
    assert logins(look(admin_client, days="7")) == [subscription.login]


@pytest.mark.parametrize("query", [{"days": "400"}, {"days": "x"}, {"area": "999"}, {"plan": "x"}, {"page": "0"}])
def test_a_question_that_makes_no_sense_is_explained(admin_client, query):
    response = look(admin_client, **query, format="csv")
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "panels" not in response.context or not response.context["panels"]


def test_the_first_page_counts_those_of_today_and_leads_there(staff):
    due_in(0)
    due_in(1)
    [section] = staff("view_customer", "view_subscription").get("/admin/").context["sections"]
    told = {card.title: (card.figure, card.link) for card in section.cards}
    address = reverse("who_will_be_cut")
    assert (told["To be cut today"], told["To be cut tomorrow"]) == (("1", address), ("1", f"{address}?days=1"))
    assert "To be cut today" not in text_of(staff("view_customer").get("/admin/"))


def test_more_rows_take_no_more_queries(admin_client, django_assert_max_num_queries):
    due_in(0)
    look(admin_client)
    with django_assert_max_num_queries(100) as few:
        look(admin_client)
    for _ in range(4):
        due_in(0)
    with django_assert_max_num_queries(len(few)):
        look(admin_client)


def test_the_amount_owed_is_what_is_left_of_all_open_bills(admin_client):
    from billing.services import payments

    subscription = make_overdue_subscription(now=NOON)
    payments.receive(customer=subscription.customer, amount=Decimal("7.50"), method="cash", now=NOON)
    assert "$12.50" in rows_of(look(admin_client))[0][5]


def test_e14_who_confirms_a_run_sees_at_which_routers_it_cuts(admin_client, staff, settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 0
    late = [due_in(0, login=f"late-{number}") for number in range(4)]
    assert "By router" not in facts(look(admin_client))
    north, south = make_router(name="North"), make_router(name="South")
    for subscription in late[:2]:
        account(unique_id=f"u{subscription.pk}", login=subscription.login, router=north.address)
    NetworkAccount.objects.create(subscription=late[2], password_sealed=b"sealed", router=south)
    told = f'<a class="text-link" href="{url(north)}">North</a>: 2'
    shown = facts(look(admin_client))["By router"]
    assert told in shown
    assert all(f"{name}: 1" in shown for name in ("South</a>", "at none"))
    sweep.disable_due(now=NOON, limit=10)
    run = SweepRun.objects.get(status="held")
    assert facts(admin_client.get(url(run, "confirm")))["By router"] == shown
    may = staff("view_customer", "view_subscription")
    assert "By router" not in facts(look(may))
