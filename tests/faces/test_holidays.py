"""Holidays: days on which nobody is cut, kept by staff (rule E10)."""

import pytest

from billing.models import Holiday
from billing.services import sweep
from tests.builders import at, make_overdue_subscription
from tests.faces.conftest import list_url, text_of, url

ADD = "/admin/billing/holiday/add/"


def add(client, day, name="Feast", **values):
    return client.post(ADD, {"day": day, "name": name, **values})


def complaint(response):
    return " ".join(error for errors in response.context["adminform"].form.errors.values() for error in errors)


def test_e10_a_holiday_that_staff_add_keeps_everybody_online_that_day(admin_client):
    add(admin_client, "2026-05-05")
    make_overdue_subscription(now=at("2026-05-05"))
    assert sweep.disable_due(now=at("2026-05-05T12:00"), limit=10).disabled == []
    assert len(sweep.disable_due(now=at("2026-05-06"), limit=10).disabled) == 1


def test_e10_a_yearly_holiday_counts_each_year_and_may_be_changed_and_deleted(admin_client):
    add(admin_client, "2020-05-05", yearly="on")
    holiday = Holiday.objects.get()
    make_overdue_subscription(now=at("2026-05-05"))
    assert sweep.disable_due(now=at("2026-05-05T12:00"), limit=10).disabled == []
    admin_client.post(url(holiday), {"day": "2020-05-05", "name": "Feast of old"})
    holiday.refresh_from_db()
    assert (holiday.name, holiday.yearly) == ("Feast of old", False)
    admin_client.post(url(holiday, "delete"), {"post": "yes"})
    assert not Holiday.objects.exists()


@pytest.mark.parametrize(
    ("day", "values", "says"),
    [
        ("2026-12-25", {}, "This day is a holiday already. Change that one instead."),
        ("2027-12-25", {}, "“Christmas” is a holiday every year since Dec. 25, 2026 already."),
        ("2025-12-25", {"yearly": "on"}, "“Christmas” is a holiday every year"),
        ("", {}, "This field is required"),
    ],
)
def test_e10_a_day_that_is_a_holiday_already_is_refused(admin_client, day, values, says):
    add(admin_client, "2026-12-25", "Christmas", yearly="on")
    assert says in complaint(add(admin_client, day, "Again", **values))
    assert Holiday.objects.count() == 1


def test_e10_a_day_that_is_to_come_each_year_meets_one_that_does_not(admin_client):
    add(admin_client, "2026-12-26", "Bridge")
    said = complaint(add(admin_client, "2027-12-26", "Boxing day", yearly="on"))
    assert "“Bridge” is a holiday on Dec. 26, 2026 alone already. Change or delete that one instead." in said
    add(admin_client, "2027-12-26", "Another bridge")
    assert Holiday.objects.count() == 2


def test_a_holiday_needs_a_name(admin_client):
    assert "required" in complaint(add(admin_client, "2026-12-25", " "))


@pytest.mark.parametrize("permission", ["add_holiday", "change_holiday", "delete_holiday"])
def test_holidays_are_kept_by_those_who_may(staff, permission):
    holiday = Holiday.objects.create(day="2026-12-25", name="Christmas")
    client = staff("view_holiday", permission)
    statuses = {
        "add_holiday": add(client, "2026-12-26").status_code,
        "change_holiday": client.post(url(holiday), {"day": "2026-12-25", "name": "Noel"}).status_code,
        "delete_holiday": client.post(url(holiday, "delete"), {"post": "yes"}).status_code,
    }
    assert {name for name, status in statuses.items() if status == 302} == {permission}


def test_the_list_shows_day_name_and_whether_it_comes_again(admin_client):
    Holiday.objects.create(day="2026-12-25", name="Christmas", yearly=True)
    assert "Christmas" in text_of(admin_client.get(list_url(Holiday)))
    assert not admin_client.get(list_url(Holiday, "?yearly__exact=0")).context["cl"].result_count
