"""Hold, resume, end, renew, discounts and items at the desk (rules B4, B5, L3, L4, L6)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Bill, CreditNote, Discount, Hold, Item, Payment, Plan, ScheduledChange, TaxRate
from billing.services import change_run
from tests.builders import access_of, at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import balance, is_online, notes, pay
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import act, errors_of, everything_stored, facts, preview, shown, what_will_happen

pytestmark = pytest.mark.usefixtures("books_are_right")


@pytest.fixture
def subscription(today):
    """On 30.00 a month, paid for April; it is the 11th."""
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=date(2026, 4, 1), login="ann")
    issue_next(subscription, now=at("2026-04-01"))
    pay(subscription.customer, "30", "2026-04-01")
    today("2026-04-11")
    return subscription


def test_l3_a_hold_from_today_cuts_the_access_and_resuming_credits_the_days(admin_client, today, subscription):
    told = what_will_happen(preview(admin_client, subscription, "hold", note="Holiday"))
    assert "ann is off. On hold from April 11, 2026 (Holiday), until it is resumed" in told.replace("since", "from")
    assert is_online(subscription)
    response = act(admin_client, subscription, "hold", note="Holiday")
    assert not is_online(subscription)
    assert "ann is on hold from April 11, 2026 until it is resumed" in shown_messages(response)
    assert "“Resume” brings it back." in text_of(response)
    assert url(subscription, "restore") not in text_of(response)
    assert url(subscription, "hold") in text_of(response)
    today("2026-04-16")
    seen = admin_client.get(url(subscription, "resume"))
    assert "A new credit note over $5.00" in what_will_happen(seen)
    assert "ann is online again." in what_will_happen(seen)
    assert not is_online(subscription)
    response = act(admin_client, subscription, "resume")
    assert is_online(subscription)
    assert notes(subscription.customer) == ["unused 5.00"]
    assert "ann is resumed from today." in shown_messages(response)
    assert url(subscription, "resume") not in text_of(response)


def test_l3_a_hold_with_a_return_waits_and_is_taken_back_with_its_return(admin_client, subscription):
    act(admin_client, subscription, "hold", starts_on="2026-04-20", ends_on="2026-04-25")
    assert ScheduledChange.objects.filter(status="pending").count() == 2
    assert is_online(subscription)
    act(admin_client, ScheduledChange.objects.get(kind="hold"), "take_back")
    assert not Hold.objects.exists()
    assert not ScheduledChange.objects.filter(status="pending").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"starts_on": "2026-04-10"}, "Choose April 11, 2026 or later"),
        ({"starts_on": "2026-04-20", "ends_on": "2026-04-20"}, "Choose a later end"),
        ({"starts_on": "soon"}, "Enter a valid date"),
        ({"starts_on": ""}, "This field is required"),
        ({"note": "x" * 201}, "200"),
    ],
)
def test_l3_a_hold_that_cannot_be_is_explained(admin_client, subscription, changes, says):
    before = everything_stored()
    for send in (preview, act):
        assert says in errors_of(send(admin_client, subscription, "hold", **changes))
    assert everything_stored() == before


def test_l3_a_second_hold_on_the_same_days_is_refused(admin_client, subscription):
    act(admin_client, subscription, "hold", starts_on="2026-04-20", ends_on="2026-04-25")
    before = everything_stored()
    response = act(admin_client, subscription, "hold", starts_on="2026-04-24")
    assert "There is a hold from" in errors_of(response)
    assert everything_stored() == before


def test_l3_only_what_is_on_hold_is_resumed(admin_client, subscription):
    before = everything_stored()
    assert "ann is not on hold." in shown_messages(admin_client.get(url(subscription, "resume"), follow=True))
    response = admin_client.post(url(subscription, "resume"), {"confirmed": "1"})
    assert "ann is not on hold." in errors_of(response)
    assert everything_stored() == before


def test_l6_an_end_today_credits_the_unused_days(admin_client, subscription):
    told = what_will_happen(preview(admin_client, subscription, "end"))
    assert "A new credit note over $20.00" in told
    assert "ann is off. It ended on April 11, 2026" in told
    response = act(admin_client, subscription, "end")
    assert notes(subscription.customer) == ["unused 20.00"]
    assert balance(subscription.customer) == -20
    assert "ann has ended." in shown_messages(response)
    page = text_of(response)
    assert "off: ended" in page
    assert "Open a new subscription for this customer instead" in page
    for action in ("end", "hold", "renew", "change_plan"):
        assert url(subscription, action) not in page


def test_l6_an_end_to_come_is_foreseen_and_can_be_taken_back(admin_client, subscription):
    before = everything_stored()
    seen = preview(admin_client, subscription, "end", on="2026-04-21")
    assert facts(seen)["Ends on"] == "April 21, 2026, the first day without the service"
    assert "A new credit note over $10.00" in what_will_happen(seen)
    assert everything_stored() == before
    response = act(admin_client, subscription, "end", on="2026-04-21")
    assert "ann ends on April 21, 2026. Until then the end can be taken back." in shown_messages(response)
    assert not CreditNote.objects.exists()
    act(admin_client, ScheduledChange.objects.get(), "take_back")
    subscription.refresh_from_db()
    assert subscription.ends_on is None


@pytest.mark.parametrize(("on", "says"), [("2026-04-10", "that day is over"), ("", "required"), ("x", "valid date")])
def test_l6_an_end_that_cannot_be_is_explained(admin_client, subscription, on, says):
    before = everything_stored()
    for send in (preview, act):
        assert says in errors_of(send(admin_client, subscription, "end", on=on))
    assert everything_stored() == before


def test_l4_a_renewal_shows_what_to_receive_and_until_when_it_pays(admin_client, admin_user, subscription):
    shown_facts = facts(admin_client.get(url(subscription, "renew")))
    assert shown_facts["To receive"] == "$30.00"
    assert shown_facts["Paid until"] == "May 31, 2026 (last day included)"
    response = act(admin_client, subscription, "renew", method="mobile")
    payment = Payment.objects.latest("pk")
    assert (payment.amount, payment.method, payment.received_by) == (30, "mobile", admin_user)
    assert response.redirect_chain[-1][0] == url(payment)
    assert "ann is paid until May 31, 2026 (last day included)." in shown_messages(response)


def test_l4_two_renewals_both_count(admin_client, subscription):
    for _ in range(2):
        act(admin_client, subscription, "renew")
    assert Bill.objects.filter(status="paid").count() == 3
    assert balance(subscription.customer) == 0


def test_l4_arrears_and_holds_are_not_renewed(admin_client, subscription):
    late = make_subscription(plan=make_plan(mode=Plan.Mode.POSTPAID), starts_on=date(2026, 4, 1))
    assert "billed in arrears" in shown_messages(admin_client.get(url(late, "renew"), follow=True))
    act(admin_client, subscription, "hold")
    assert "is on hold. Resume it first" in shown_messages(admin_client.get(url(subscription, "renew"), follow=True))


def test_b5_a_discount_is_off_the_next_bill_and_ends_when_staff_say_so(admin_client, subscription):
    response = act(admin_client, subscription, "give_discount", description="Friend", percent="10")
    assert "“Friend” is given from April 11, 2026 on. Next bill: $27.00" in shown_messages(response)
    assert "Friend" in text_of(response)
    response = act(admin_client, Discount.objects.get(), "end", on="2026-05-01")
    assert "Next bill: $30.00" in shown_messages(response)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "one of the two"),
        ({"percent": "10", "fixed": "5"}, "one of the two"),
        ({"percent": "101"}, "A discount of 101 % cannot be given"),
        ({"percent": "0"}, "A discount of 0 % cannot be given"),
        ({"percent": "-1"}, "A discount of -1 % cannot be given"),
        ({"fixed": "30.01"}, "is above the price"),
        ({"fixed": "0"}, "The amount must be above zero"),
        ({"percent": "5", "ends_on": "2026-04-11"}, "Choose a later end"),
        ({"percent": "5", "description": ""}, "Say what the discount is for"),
    ],
)
def test_b5_a_discount_that_cannot_be_is_explained(admin_client, subscription, changes, says):
    before = everything_stored()
    response = act(admin_client, subscription, "give_discount", **{"description": "Friend", **changes})
    assert says in errors_of(response)
    assert everything_stored() == before


def test_b4_an_item_waits_and_is_billed_on_its_own_with_its_tax(admin_client, today):
    today("2026-04-11")
    customer = make_customer()
    vat = TaxRate.objects.create(name="VAT", percent=20)
    response = act(admin_client, customer, "add_item", description="Router", amount="30", tax_rate=vat.pk)
    assert "“Router” over $30.00 waits for the next bill" in shown_messages(response)
    assert "One-off items that wait for a bill" in text_of(response)
    seen = facts(admin_client.get(url(customer, "bill_items")))
    assert (seen["Item: Router"], seen["VAT"], seen["Total"]) == ("$30.00", "$6.00", "$36.00")
    response = act(admin_client, customer, "bill_items")
    bill = Bill.objects.get()
    assert (bill.total, bill.tax) == (36, 6)
    assert response.redirect_chain[-1][0] == url(bill)
    assert f"Bill {bill} is issued: $36.00" in shown_messages(response)
    assert url(customer, "bill_items") not in text_of(admin_client.get(url(customer)))


def test_b4_an_item_that_waits_is_withdrawn_and_one_that_is_billed_is_not(admin_client, subscription):
    customer = subscription.customer
    for description in ("Router", "Cable"):
        act(admin_client, customer, "add_item", description=description, amount="10")
    cable = Item.objects.get(description="Cable")
    assert "it will not be billed" in shown_messages(act(admin_client, cable, "withdraw"))
    act(admin_client, customer, "bill_items")
    router = Item.objects.get(description="Router")
    assert Bill.objects.latest("pk").total == 10
    assert url(router, "withdraw") not in text_of(admin_client.get(url(router)))
    before = everything_stored()
    assert "Issue a credit note for it instead" in errors_of(admin_client.post(url(router, "withdraw"), {}))
    assert everything_stored() == before


@pytest.mark.parametrize(
    ("action", "changes", "says"),
    [
        ("add_item", {"description": " ", "amount": "5"}, "Say what the item is"),
        ("add_item", {"description": "x" * 201, "amount": "5"}, "200"),
        ("add_item", {"description": "Router", "amount": "-5"}, "The amount must be above zero"),
        ("add_item", {"description": "Router", "amount": "5", "tax_rate": "999"}, "valid choice"),
        ("give_credit", {"reason": "", "amount": "5"}, "Say why"),
        ("give_credit", {"reason": "Outage", "amount": "0"}, "The amount must be above zero"),
        ("give_credit", {"reason": "Outage", "amount": "EUR 5"}, "The amount is in EUR"),
    ],
)
def test_b4_m6_items_and_credit_that_cannot_be_are_explained(admin_client, action, changes, says):
    customer = make_customer()
    before = everything_stored()
    assert says in errors_of(act(admin_client, customer, action, **changes))
    assert everything_stored() == before


def test_m6_credit_that_is_given_pays_what_is_owed_first(admin_client, disabled):
    told = what_will_happen(preview(admin_client, disabled.customer, "give_credit", amount="25", reason="Outage"))
    assert "is paid in full" in told
    assert "ann-home is online again" in told
    act(admin_client, disabled.customer, "give_credit", amount="25", reason="Outage")
    assert CreditNote.objects.get().credit == 5
    assert access_of(disabled).is_on
    assert "$5.00" in text_of(admin_client.get(url(disabled.customer)))


def test_l1_a_change_that_failed_is_listed_and_tried_again(admin_client, subscription):
    act(admin_client, subscription, "end", on="2026-04-21")
    change = ScheduledChange.objects.get()
    ScheduledChange.objects.filter(pk=change.pk).update(
        status="failed", error="No such day", closed_at=at("2026-04-21")
    )
    section = admin_client.get("/admin/").context["sections"][0]
    cards = {card.title: (card.figure, card.note) for card in section.cards}
    assert cards["Changes that failed"] == ("1", "try again or take back")
    assert "No such day" in text_of(admin_client.get("/admin/billing/scheduledchange/?status__exact=failed"))
    assert "No such day" in text_of(admin_client.get(url(subscription)))
    response = act(admin_client, change, "try_again")
    assert "is tried again by the next run of “Apply scheduled changes”" in shown_messages(response)
    assert change_run.apply_due(now=at("2026-04-21")).applied == 1
    assert not is_online(subscription)


def test_l1_a_subscription_that_starts_later_says_so(admin_client, today):
    today("2026-04-11")
    pending = make_subscription(starts_on=date(2026, 5, 1), now=at("2026-04-11"))
    page = text_of(admin_client.get(url(pending)))
    assert "It starts on May 1, 2026: access comes by itself on that day." in page
    assert "off: pending" in page
    start = ScheduledChange.objects.get()
    assert url(start, "take_back") not in page
    assert "End the subscription instead" in shown_messages(admin_client.get(url(start, "take_back"), follow=True))
    assert shown(admin_client, pending, "end")["on"] == date(2026, 5, 1)
