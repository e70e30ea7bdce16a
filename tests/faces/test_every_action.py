"""What holds for every action of staff: a permission of its own, nothing by looking, one effect by sending twice."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import timezone

from billing.models import AuditEntry, Customer, Reversal, ScheduledChange, SweepRun, UnmatchedPayment
from billing.services import (
    credit_notes,
    deferrals,
    discounts,
    endings,
    holds,
    items,
    payments,
    reversals,
    sweep,
)
from tests.builders import issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import everything_stored, shown
from tests.importing import bring_in
from tests.services.network.situations import account, make_online_subscription, make_router

pytestmark = pytest.mark.usefixtures("books_are_right")

REASON = {"reason": "Asked for it"}
WHY = {"why": "Asked for it"}


def service(**changes):
    """A subscription that started today, with a bill of 20.00 for its first period."""
    subscription = make_subscription(plan=make_plan(**changes), starts_on=timezone.localdate(), now=timezone.now())
    issue_next(subscription, now=timezone.now())
    return subscription


def bill():
    return service().lines.get().bill


def payment():
    return payments.receive(customer=service().customer, amount=Decimal(20), method="cash", now=timezone.now())


def goodwill():
    return credit_notes.give(customer=make_customer(), amount=Decimal(5), reason="Outage", now=timezone.now())


def chargeback():
    return reversals.reverse(payment=payment(), kind=Reversal.Kind.CHARGEBACK, reason="Bank", now=timezone.now())


def item():
    return items.add(customer=make_customer(), description="Router", amount=Decimal(30), now=timezone.now())


def held():
    subscription = service()
    holds.hold(subscription=subscription, starts_on=timezone.localdate(), now=timezone.now())
    return subscription


def discount():
    return discounts.give(
        subscription=service(),
        description="Friend",
        percent=Decimal(10),
        starts_on=timezone.localdate(),
        now=timezone.now(),
    )


def change():
    return endings.end(subscription=service(), on=timezone.localdate() + timedelta(days=5), now=timezone.now())


def failed_change():
    ScheduledChange.objects.filter(pk=(waiting := change()).pk).update(
        status="failed", error="No", closed_at=waiting.created_at
    )
    waiting.refresh_from_db()
    return waiting


def owing():
    """A customer whose bill of 20.00 is overdue and has cut the only subscription."""
    cut_by_a_run()
    return Customer.objects.latest("pk")


def promise():
    return deferrals.promise(customer=owing(), until=timezone.localdate(), why="Salary", now=timezone.now())


def exclusion():
    return deferrals.exclude(customer=owing(), until=None, why="School", now=timezone.now())


def cut_by_a_run():
    make_overdue_subscription()
    sweep.disable_due(now=timezone.now(), limit=10)
    return SweepRun.objects.latest("pk")


def held_run():
    make_overdue_subscription()
    with override_settings(MAX_CUTS_COUNT=0, MAX_CUTS_PERCENT=10):
        sweep.disable_due(now=timezone.now(), limit=10)
    return SweepRun.objects.get(status="held")


def unmatched_money():
    bring_in("payments", f"Receipt No,Amount\n{uuid4()},20.00\n")
    return UnmatchedPayment.objects.latest("pk")


def later():
    return str(timezone.localdate() + timedelta(days=10))


def online():
    """A subscription with credentials and an open session."""
    subscription = make_online_subscription()
    account(unique_id=f"u{subscription.pk}", login=subscription.login, router=make_router().address)
    return subscription


# row, action, permission, what is filled in beside what the form shows
ACTIONS = [
    (owing, "receive_payment", "add_payment", {}),
    (bill, "receive_payment", "add_payment", {}),
    (payment, "reverse", "reverse_payment", REASON),
    (payment, "refund", "refund_payment", REASON),
    (goodwill, "refund", "refund_payment", REASON),
    (goodwill, "take_back", "give_credit", REASON),
    (chargeback, "win_chargeback", "win_chargeback", REASON),
    (bill, "void", "void_bill", REASON),
    (bill, "credit_note", "credit_bill", REASON),
    (bill, "write_off", "writeoff_bill", REASON),
    (make_customer, "add_item", "add_item", {"description": "Router", "amount": "30"}),
    (lambda: item().customer, "bill_items", "add_bill", {}),
    (make_customer, "give_credit", "give_credit", {"amount": "5", **REASON}),
    (item, "withdraw", "add_item", {}),
    (service, "change_plan", "switch_plan", {"plan": "make_plan"}),
    (service, "hold", "hold_subscription", {}),
    (held, "resume", "hold_subscription", {}),
    (service, "end", "end_subscription", {}),
    (service, "end", "end_subscription", {"on": "later"}),
    (service, "renew", "renew_subscription", {}),
    (service, "give_discount", "add_discount", {"description": "Friend", "percent": "10"}),
    (discount, "end", "add_discount", {"on": "later"}),
    (change, "take_back", "end_subscription", {}),
    (failed_change, "try_again", "end_subscription", {}),
    (owing, "promise_to_pay", "give_promise", WHY),
    (owing, "exclude_from_cuts", "exclude_customer", WHY),
    (make_customer, "write_note", "add_customernote", {"text": "Rings at noon only"}),
    (promise, "take_back", "give_promise", {}),
    (exclusion, "take_back", "exclude_customer", {}),
    (held_run, "confirm", "confirm_run", {}),
    (cut_by_a_run, "undo", "undo_run", WHY),
    (unmatched_money, "resolve", "resolve_unmatchedpayment", {"customer": "customer_code"}),
    (online, "disconnect", "disconnect_session", {}),
    (online, "apply_again", "apply_again", {}),
    (online, "place", "set_credentials", {"fixed_address": "198.51.100.7"}),
    (unmatched_money, "refuse", "resolve_unmatchedpayment", REASON),
]
MAKERS = {
    "make_plan": lambda: make_plan(price=Decimal(30)).pk,
    "later": later,
    "customer_code": lambda: make_customer().code,
}
every_action = pytest.mark.parametrize(
    ("make", "action", "permission", "values"), ACTIONS, ids=lambda value: value if isinstance(value, str) else ""
)


def filled(values):
    return {name: MAKERS[value]() if value in MAKERS else value for name, value in values.items()}


def view_of(row):
    return f"view_{row._meta.model_name}"


@every_action
def test_an_action_needs_its_permission(staff, make, action, permission, values):
    row, values = make(), filled(values)
    without, before = staff(view_of(row)), everything_stored()
    assert f'href="{url(row, action)}"' not in text_of(without.get(url(row)))
    for data in ({}, {**values, "confirmed": "1"}):
        assert without.post(url(row, action), data).status_code == 403
    assert without.get(url(row, action)).status_code == 403
    assert everything_stored() == before
    assert staff(permission).get(url(row, action)).status_code == 403
    allowed = staff(view_of(row), permission)
    assert f'href="{url(row, action)}"' in text_of(allowed.get(url(row)))
    assert allowed.get(url(row, action)).status_code == 200


@every_action
def test_an_action_that_is_only_looked_at_changes_nothing(admin_client, make, action, permission, values):
    row, values = make(), filled(values)
    before = everything_stored()
    response = admin_client.get(url(row, action))
    assert response.status_code == 200
    assert everything_stored() == before
    if response.context["button"] == "Preview":
        seen = admin_client.post(url(row, action), {**shown(admin_client, row, action), **values})
        assert seen.context["is_preview"], seen.context["form"].errors
        assert seen.context["sentences"]
        assert everything_stored() == before


@every_action
def test_an_action_sent_twice_has_one_effect_and_is_in_the_audit(admin_client, make, action, permission, values):
    row = make()
    values = {**shown(admin_client, row, action), **filled(values), "confirmed": "1"}
    before, told_before = everything_stored(), AuditEntry.objects.latest("id").pk
    first = admin_client.post(url(row, action), values)
    assert first.status_code == 302, first.context["form"].errors
    told = AuditEntry.objects.get(pk__gt=told_before, kind="action")
    assert (told.object_type, told.object_id, told.place) == (row._meta.label_lower, str(row.pk), url(row, action))
    assert (told.actor.username, told.address, told.door) == ("admin", "127.0.0.1", "page")
    after = everything_stored()
    assert after != before
    assert admin_client.post(url(row, action), values).status_code in (200, 302)
    assert everything_stored() == after


@every_action
def test_an_action_on_what_does_not_exist_says_so(admin_client, make, action, permission, values):
    row = make()
    row.pk = 999_999
    response = admin_client.get(url(row, action), follow=True)
    assert "doesn’t exist" in text_of(response)


@pytest.mark.parametrize(
    ("make", "action", "values", "says"),
    [
        (bill, "void", REASON, "is void"),
        (bill, "write_off", REASON, "$20.00 of bill B000001 is written off"),
        (bill, "credit_note", REASON, "Credit note CN000001 over $20.00"),
        (service, "change_plan", {"plan": "make_plan"}, "is on its new plan from today. Charge less credit: $10.00"),
        (service, "change_plan", {"plan": "make_plan", "when": "period-end"}, "Until then it can be taken back"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_m9_the_answer_to_what_is_sent_twice_is_the_same(admin_client, make, action, values, says):
    row = make()
    values = {**shown(admin_client, row, action), **filled(values), "confirmed": "1"}
    for _ in range(2):
        response = admin_client.post(url(row, action), values, follow=True)
        assert [str(message.level_tag) for message in response.context["messages"]] == ["success"]
        assert says in shown_messages(response)
