from datetime import date
from decimal import Decimal

import pytest

from billing.models import Area, Plan, PriceBefore, TaxRate
from billing.services import items, plan_changes
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url

ADD = "/admin/billing/plan/add/"
VALUES = {
    "name": "Home",
    "code": "home",
    "price": "25.00",
    "mode": "prepaid",
    "interval_count": "1",
    "interval_unit": "month",
}


def test_a_plan_is_added(admin_client):
    assert admin_client.post(ADD, VALUES).status_code == 302
    assert Plan.objects.get().price == 25


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"available_from": "2026-03-01", "available_until": "2026-02-01"}, "is before “available from”"),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"price": "9.999"}, "9.999 has too many decimals: USD has 2"),
        ({"price": "cheap"}, "Enter a number"),
        ({"interval_count": "0"}, "Interval: at least 1"),
        ({"billing_day": "32"}, "for plans by the month or year"),
        ({"billing_day": "5", "interval_unit": "week"}, "for plans by the month or year"),
        ({"mode": "later"}, "valid choice"),
        ({"download_kbps": "0"}, "greater than or equal to 1"),  # to a router it is no limit at all
        ({"download_kbps": "9000", "upload_kbps": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_plan_is_explained_and_not_added(admin_client, changes, says):
    response = admin_client.post(ADD, {**VALUES, **changes})
    assert response.status_code == 200
    assert says in text_of(response)
    assert not Plan.objects.exists()


def test_a_plan_in_use_cannot_be_deleted_and_says_what_to_do_instead(admin_client):
    plan = make_subscription().plan
    for send in (admin_client.get, admin_client.post):
        response = send(url(plan, "delete"), {"post": "yes"}, follow=True)
        assert "has subscriptions and cannot be deleted. Set “available until”" in shown_messages(response)
    assert Plan.objects.exists()


def test_an_unused_plan_can_be_deleted(admin_client):
    admin_client.post(url(make_plan(), "delete"), {"post": "yes"})
    assert not Plan.objects.exists()


def test_the_rhythm_of_a_plan_in_use_stays_but_its_price_can_change(admin_client):
    plan = make_subscription().plan
    admin_client.post(url(plan), {**VALUES, "price": "30", "interval_unit": "year"})
    plan.refresh_from_db()
    assert (plan.price, plan.interval_unit) == (Decimal(30), Plan.IntervalUnit.MONTH)
    assert PriceBefore.objects.get().price == 20
    [_, panel] = admin_client.get(url(plan)).context["panels"]
    assert [str(cell) for cell in panel.rows[0]][0::3] == ['<span class="amount">$20.00</span>', "admin"]


def test_t3_the_page_of_a_plan_says_why_its_rhythm_stays(admin_client):
    says = "Subscriptions are billed by the interval and the billing day, so these stay."
    assert says in text_of(admin_client.get(url(make_subscription().plan)))
    for page in (url(make_plan()), ADD):
        assert says not in text_of(admin_client.get(page))


def test_m4_a_tax_rate_is_shown_as_people_write_it(admin_client):
    vat = TaxRate.objects.create(name="VAT", percent=20)
    TaxRate.objects.create(name="Reduced", percent=Decimal("5.5"), inclusive=True)
    assert admin_client.get(url(vat)).context["adminform"].form["percent"].value() == "20"
    page = text_of(admin_client.get(list_url(TaxRate)))
    for text in ("20 %", "without tax", "5.5 %", "with tax"):
        assert text in page


def test_t3_the_rhythm_of_a_plan_that_somebody_waits_for_stays_too(admin_client):
    plan = make_plan()
    plan_changes.change_at_period_end(subscription=make_subscription(), plan=plan, now=at("2026-01-02"))
    assert admin_client.post(url(plan), {**VALUES, "interval_unit": "year"}).status_code == 302
    plan.refresh_from_db()
    assert (plan.name, plan.interval_unit) == ("Home", Plan.IntervalUnit.MONTH)


def test_b2_more_lead_days_bring_the_next_bills_forward(admin_client):
    subscription = make_subscription()
    admin_client.post(url(subscription.plan), {**VALUES, "price": "20", "lead_days": "7"})
    subscription.billing_state.refresh_from_db()
    assert subscription.billing_state.bill_on == date(2025, 12, 25)


def test_an_area_in_use_cannot_be_deleted(admin_client):
    area = Area.objects.create(name="Harbour")
    make_customer(area=area)
    response = admin_client.post(url(area, "delete"), {"post": "yes"}, follow=True)
    assert "Harbour has customers and cannot be deleted" in shown_messages(response)
    assert Area.objects.exists()


def test_a_plan_takes_its_tax_its_trial_and_how_its_bills_are_issued(admin_client):
    vat = TaxRate.objects.create(name="VAT", percent=20)
    more = {"tax_rate": vat.pk, "lead_days": "7", "trial_days": "14", "bills_while_unpaid": "true", "grace_days": "3"}
    assert admin_client.post(ADD, {**VALUES, **more}).status_code == 302
    plan = Plan.objects.get()
    assert (plan.tax_rate, plan.lead_days, plan.trial_days, plan.bills_while_unpaid) == (vat, 7, 14, True)


def test_m4_a_tax_rate_is_added_and_changed_for_bills_to_come(admin_client):
    admin_client.post("/admin/billing/taxrate/add/", {"name": "VAT", "percent": "20"})
    vat = TaxRate.objects.get()
    bill = issue_next(make_subscription(plan=make_plan(tax_rate=vat)), now=at("2026-01-01"))
    admin_client.post(url(vat), {"name": "VAT", "percent": "22"})
    again = issue_next(make_subscription(plan=make_plan(tax_rate=vat)), now=at("2026-01-01"))
    assert [bill.taxes.get().percent, again.taxes.get().percent] == [20, 22]
    assert "issued keep theirs" in text_of(admin_client.get(url(vat)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"percent": "-1"}, "Percent: 0 to 100"),
        ({"percent": "101"}, "Percent: 0 to 100"),
        ({"percent": "1.00001"}, "decimal places"),
        ({"name": "Old"}, "already exists"),
        ({"name": ""}, "required"),
    ],
)
def test_m4_a_wrong_tax_rate_is_explained_and_not_added(admin_client, changes, says):
    TaxRate.objects.create(name="Old", percent=5)
    response = admin_client.post("/admin/billing/taxrate/add/", {"name": "VAT", "percent": "20", **changes})
    assert says in text_of(response)
    assert TaxRate.objects.count() == 1


def test_a_tax_rate_in_use_cannot_be_deleted(admin_client):
    vat, old = (TaxRate.objects.create(name=name, percent=20) for name in ("VAT", "Old"))
    items.add(customer=make_customer(), description="Router", amount=Decimal(5), tax_rate=old, now=at("2026-01-01"))
    make_plan(tax_rate=vat)
    for rate, users in ((vat, "plans"), (old, "one-off items")):
        response = admin_client.post(url(rate, "delete"), {"post": "yes"}, follow=True)
        assert f"has {users} and cannot be deleted" in shown_messages(response)
    unused = TaxRate.objects.create(name="Unused", percent=1)
    admin_client.post(url(unused, "delete"), {"post": "yes"})
    assert TaxRate.objects.count() == 2
