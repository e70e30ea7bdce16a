"""The banner on every page of the staff when the scheduler is not well or something alarms."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from billing.admin.banner import FOR_OTHERS
from billing.models import Customer
from tests.builders import make_customer
from tests.faces.conftest import list_url, text_of, url
from tests.monitoring.runs import add_leader, run_every_job
from utils.background_tasks import TIMETABLE
from utils.models import Alarm, Instance, JobRun

SEES = ("view_customer", "view_jobrun")


@pytest.fixture
def well():
    run_every_job(timezone.now())
    return add_leader(timezone.now())


@pytest.fixture
def gone(well):
    Instance.objects.update(seen_at=timezone.now() - timedelta(minutes=5))


def banner(client, address="/admin/"):
    page = text_of(client.get(address))
    assert page.count('role="alert"') <= 1
    return page.split('role="alert">')[1].split('id="content"')[0] if 'role="alert"' in page else ""


def test_while_all_is_well_there_is_none(admin_client, well):
    assert banner(admin_client) == ""


def test_it_is_on_every_page_and_leads_to_the_page_of_the_scheduler(staff, gone):
    client = staff(*SEES)
    customer = make_customer()
    for address in ("/admin/", list_url(Customer), url(customer), "/admin/password_change/"):
        shown = banner(client, address)
        assert "No scheduler leads: the last one was heard of 5 minutes ago" in shown, address
        assert 'href="/admin/scheduler/"' in shown


@pytest.fixture
def late(well):
    JobRun.objects.update(ended_at=timezone.now() - timedelta(minutes=10))


def test_a_job_that_is_late_shows_it(staff, late):
    assert "is late: it was to run at" in banner(staff(*SEES))


def test_a_late_job_that_alarms_shows_once(staff, late):
    Alarm.objects.create(key="late:check_expired_subscriptions", text="It is late", began_at=timezone.now())
    shown = banner(staff(*SEES))
    assert "open alarm" not in shown
    assert shown.count("is late") == 1


def test_several_problems_are_the_first_and_a_count(staff, gone):
    JobRun.objects.update(ended_at=timezone.now() - timedelta(days=30))
    assert f"And {len(TIMETABLE)} more problems." in banner(staff(*SEES))  # no leader, and no job in time


def test_an_open_alarm_shows_to_those_who_may_see_the_scheduler(staff, well):
    alarm = Alarm.objects.create(key="x", text="<b>Books</b> differ", began_at=timezone.now())
    shown = banner(staff(*SEES))
    assert "1 open alarm: &lt;b&gt;Books&lt;/b&gt; differ. <a" in shown
    assert 'href="/admin/scheduler/"' in shown
    assert banner(staff("view_customer")) == ""
    alarm.ended_at = timezone.now()
    alarm.save()
    cache.clear()
    assert banner(staff(*SEES)) == ""


def test_others_are_told_what_it_means_for_them(staff, gone):
    shown = banner(staff("view_customer"))
    assert FOR_OTHERS in shown
    assert "/admin/scheduler/" not in shown
    assert "docker-compose" not in shown


def test_visitors_are_told_nothing(client, gone):
    assert banner(client, "/admin/login/") == ""


def test_the_page_of_the_scheduler_says_it_once_and_of_this_moment(admin_client, gone):
    page = text_of(admin_client.get("/admin/scheduler/"))
    assert page.count("No scheduler leads") == 1


def test_it_costs_one_query_in_fifteen_seconds(admin_client, well):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    address = list_url(Customer)
    admin_client.get(address)
    counts = []
    for forget in (False, True, False):
        if forget:
            cache.clear()
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(address)
        counts.append((len(queries), sum("utils_instance" in query["sql"] for query in queries)))
    (without, none), (with_it, one), again = counts
    assert (none, one, with_it - without) == (0, 1, 1)
    assert again == (without, none)
