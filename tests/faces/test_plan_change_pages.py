"""Change of plan at the desk: choose, look at what it costs, confirm (rule L2)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Bill, CreditNote, ScheduledChange, Subscription, TaxRate
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.diary import balance, notes, pay
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import act, errors_of, everything_stored, facts, preview, what_will_happen

pytestmark = pytest.mark.usefixtures("books_are_right")


@pytest.fixture
def subscription(today):
    """On 249.95 a month, paid for May; it is the 5th."""
    subscription = make_subscription(plan=make_plan(price=Decimal("249.95")), starts_on=date(2026, 5, 1), login="ann")
    issue_next(subscription, now=at("2026-05-01"))
    pay(subscription.customer, "249.95", "2026-05-01")
    today("2026-05-05")
    return subscription


@pytest.fixture
def faster():
    return make_plan(price=Decimal("599.95"), name="Fast")


def plan_of(subscription):
    return Subscription.objects.get(pk=subscription.pk).plan


def test_l2_the_preview_shows_credit_charge_net_and_the_next_bill(admin_client, subscription, faster):
    before = everything_stored()
    response = preview(admin_client, subscription, "change_plan", plan=faster.pk)
    shown = facts(response)
    assert shown["New plan"] == "Fast: $599.95 every month"
    assert shown["Credit"] == "$217.70 for May 5, 2026 to May 31, 2026"
    assert shown["Charge"] == "$522.54 for Fast, ann, 2026-05-05 to 2026-05-31"
    assert shown["Charge less credit"] == "$304.84 to pay"
    assert shown["Next bill"] == "$599.95 for June 1, 2026 to June 30, 2026, to be issued on June 1, 2026"
    assert "A new bill over $522.54: $304.84 left to pay" in what_will_happen(response)
    assert everything_stored() == before


def test_l2_what_is_confirmed_is_what_was_shown(admin_client, admin_user, subscription, faster):
    response = act(admin_client, subscription, "change_plan", plan=faster.pk)
    assert plan_of(subscription) == faster
    assert notes(subscription.customer) == ["unused 217.70"]
    bill = Bill.objects.latest("pk")
    assert (bill.total, bill.outstanding, bill.issued_by) == (Decimal("522.54"), Decimal("304.84"), admin_user)
    assert balance(subscription.customer) == Decimal("304.84")
    message = shown_messages(response)
    assert "ann is on its new plan from today. Charge less credit: $304.84 to pay." in message
    assert f"Bill {bill} over $522.54: $304.84 left to pay" in message


def test_l2_the_preview_shows_taxes(admin_client, subscription, faster):
    faster.tax_rate = TaxRate.objects.create(name="VAT", percent=20)
    faster.save()
    shown = facts(preview(admin_client, subscription, "change_plan", plan=faster.pk))
    assert (shown["VAT"], shown["Charge less credit"]) == ("$104.51", "$409.35 to pay")


def test_l2_a_change_to_arrears_charges_nothing_today(admin_client, subscription):
    arrears = make_plan(mode="postpaid")
    shown = facts(preview(admin_client, subscription, "change_plan", plan=arrears.pk))
    assert shown["Charge"] == "nothing today: the new plan is billed later"
    assert shown["Charge less credit"] == "$217.70 in the customer's favour"


def test_l1_a_change_at_the_periods_end_waits_and_is_taken_back_from_the_panel(admin_client, subscription, faster):
    shown = facts(preview(admin_client, subscription, "change_plan", plan=faster.pk, when="period-end"))
    assert shown["When"] == "on June 1, 2026, when the period is over: no credit"
    assert shown["Until then"] == "nothing is credited or charged"
    assert shown["Next bill"].startswith("$599.95 for June 1, 2026")
    response = act(admin_client, subscription, "change_plan", plan=faster.pk, when="period-end")
    change = ScheduledChange.objects.get()
    assert "Until then it can be taken back" in shown_messages(response)
    assert plan_of(subscription) != faster
    assert not CreditNote.objects.exists()
    assert url(change, "take_back") in text_of(response)
    response = act(admin_client, change, "take_back")
    assert response.redirect_chain[-1][0] == url(subscription)
    assert "is taken back. Next bill: $249.95 for June 1, 2026" in shown_messages(response)
    assert "Scheduled changes" not in {panel.title for panel in response.context["panels"]}


def test_l2_a_change_to_the_same_plan_or_to_one_that_is_not_sold_is_refused(admin_client, subscription):
    before = everything_stored()
    withdrawn = make_plan(available_until=date(2026, 5, 4))
    later = make_plan(available_from=date(2026, 5, 6), name="Spring")
    before = everything_stored()
    for plan, says in ((subscription.plan, "is on the plan"), (withdrawn, "valid choice")):
        assert says in errors_of(act(admin_client, subscription, "change_plan", plan=plan.pk))
    assert "Spring is sold from" in errors_of(act(admin_client, subscription, "change_plan", plan=later.pk))
    assert everything_stored() == before


def test_back_from_the_preview_leads_to_the_form_with_what_was_chosen(admin_client, subscription, faster):
    values = {"plan": str(faster.pk), "when": "period-end", "back": "1"}
    form = admin_client.post(url(subscription, "change_plan"), values).context["form"]
    assert (form["plan"].value(), form["when"].value()) == (str(faster.pk), "period-end")
    assert not form.errors
