"""Enforcement in a real browser, each person with the permissions of their role and no more (rules E11, E13, E14)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from billing.models import Promise, SweepRun
from billing.rules.roles import permissions_of
from billing.services import sweep
from tests.builders import access_of, make_customer, make_overdue_subscription
from tests.e2e.test_browser import PASSWORD, page  # noqa: F401  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def run_sweep():
    return sweep.disable_due(now=timezone.now(), limit=10)


@pytest.fixture
def late():
    """Three subscribers with 20.00 overdue each, who are not cut yet."""
    names = ("Ann Lee", "Bob Ray", "Cy Poe")
    return [make_overdue_subscription(customer=make_customer(name=name), login=name[:3].lower()) for name in names]


@pytest.fixture
def sign_in(page, live_server):  # noqa: F811
    """Sign in as somebody with the permissions of a role."""

    def sign_in(role):
        user = User.objects.create_user(role, password=PASSWORD, is_staff=True)
        names = [name.split(".")[1] for name in permissions_of(role)]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        page.goto(f"{live_server.url}/admin/")
        page.get_by_label("Username").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Home").wait_for()
        return page

    return sign_in


def test_e14_a_manager_looks_at_a_held_run_confirms_it_and_takes_it_back(sign_in, late, settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 1
    assert run_sweep().disabled == []
    desk = sign_in("manager")
    warning = desk.get_by_text("The circuit breaker holds")
    assert "would disable 3 subscriptions" in warning.inner_text()
    warning.get_by_role("link").click()
    for one in late:
        desk.get_by_role("link", name=one.login, exact=True).wait_for()
    desk.get_by_role("link", name="Confirm this run").click()
    desk.get_by_text("3 subscriptions of 3 customers, who owe $60.00").wait_for()
    desk.get_by_role("button", name="Confirm this run").dblclick()
    desk.get_by_text("is confirmed: the next expiry check disables those").wait_for()
    assert len(run_sweep().disabled) == 3
    desk.reload()
    desk.get_by_role("link", name="Undo this run").click()
    desk.get_by_label("Why").fill("The bank's file was late")
    desk.get_by_role("button", name="Undo this run").click()
    desk.get_by_text("3 subscriptions came back.").wait_for()
    assert all(access_of(one).is_on for one in late)
    assert SweepRun.objects.get(disabled=3).status == SweepRun.Status.UNDONE


def test_e11_support_promises_for_a_customer_who_is_off_and_access_is_back(sign_in, late):
    run_sweep()
    desk = sign_in("support")
    desk.locator("#counter-box").fill("ann")
    desk.get_by_role("option", name="Ann Lee").click()
    desk.get_by_text("off: unpaid").first.wait_for()
    desk.get_by_role("link", name="Promise to pay").click()
    friday = timezone.localdate() + timedelta(days=3)
    desk.get_by_label("Promised for").fill(friday.isoformat())
    desk.get_by_label("Reason").fill("Salary on Friday")
    desk.get_by_role("button", name="Promise to pay").dblclick()
    desk.get_by_text("The promise of").wait_for()
    assert Promise.objects.get().until == friday
    assert access_of(late[0]).is_on
    assert [access_of(one).is_on for one in late[1:]] == [False, False]


def test_e13_who_will_be_cut_is_narrowed_down_and_saved_as_a_file(sign_in, late):
    desk = sign_in("support")
    desk.locator("#nav-sidebar a[href='/admin/who-will-be-cut/']").click()
    desk.get_by_text("3 subscriptions of 3 customers").wait_for()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="CSV").click()
    rows = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in rows] == ["name", "Ann Lee", "Bob Ray", "Cy Poe"]


def test_e12_the_page_of_a_subscription_explains_its_access_for_any_instant(sign_in, late):
    run_sweep()
    desk = sign_in("support")
    desk.locator("#counter-box").fill("ann")
    desk.get_by_role("option", name="Ann Lee").click()
    desk.get_by_role("link", name="ann", exact=True).first.click()
    desk.get_by_role("heading", name="Access explained: ann has no access on").wait_for()
    week_before = timezone.localtime() - timedelta(days=7)
    desk.get_by_label("At another time").fill(f"{week_before:%Y-%m-%dT%H:%M}")
    desk.get_by_role("button", name="Show").click()
    desk.get_by_role("heading", name="Access explained: ann has access on").wait_for()
