import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from billing.models import (
    AccessEvent,
    AccessState,
    Account,
    Allocation,
    Area,
    AuditEntry,
    Bill,
    BillingState,
    BillLine,
    Block,
    CashShift,
    CreditNote,
    Customer,
    CustomerNote,
    Discount,
    Exclusion,
    Hold,
    Holiday,
    Item,
    LedgerEntry,
    LoginAttempt,
    NetworkFinding,
    NumberSeries,
    OnlineSession,
    Payment,
    Plan,
    Promise,
    Reminder,
    Reversal,
    Router,
    ScheduledChange,
    SessionRecord,
    Subscription,
    SweepRun,
    TaxRate,
    UnbilledDays,
    UnmatchedPayment,
)
from tests.builders import access_of, make_customer, make_overdue_subscription, make_plan
from tests.faces.conftest import list_url, shown_messages, text_of, url

MONEY = [
    Account,
    Allocation,
    Bill,
    BillingState,
    BillLine,
    CreditNote,
    Item,
    LedgerEntry,
    NumberSeries,
    Payment,
    Reversal,
    UnmatchedPayment,
]
AGREED = [Discount, Hold, ScheduledChange, UnbilledDays]
ENFORCEMENT = [AccessEvent, AccessState, Block, Exclusion, Promise, Reminder, SweepRun]
NETWORK = [LoginAttempt, NetworkFinding, OnlineSession, SessionRecord]
DOCUMENTS = [*MONEY, *AGREED, *ENFORCEMENT, *NETWORK, AuditEntry, CashShift, CustomerNote]
OTHERS = [Area, Customer, Holiday, Plan, Router, Subscription, TaxRate]


@pytest.fixture
def everything(admin_client, disabled):
    """One row of every document; the payment leaves the subscription off."""
    from decimal import Decimal

    from django.utils import timezone

    from billing.services import cash, payments, reversals
    from tests.faces.test_every_action import unmatched_money
    from tests.faces.test_lists import (
        add_one_agreement_of_each_kind,
        add_what_keeps_from_cutting,
        add_what_the_network_keeps,
    )

    payment = payments.receive(customer=disabled.customer, amount=Decimal(5), method="cash", now=timezone.now())
    reversals.reverse(payment=payment, amount=Decimal(2), reason="Counted anew", now=timezone.now())
    BillingState.objects.filter(pk=disabled.pk).update(review="Too dear", review_since=timezone.now())
    add_one_agreement_of_each_kind(disabled.customer, "x", None, timezone.now())
    add_what_keeps_from_cutting(disabled, None, timezone.now())
    cash.start(staff=User.objects.create_user("cashier-of-a-shift"), opening_float=Decimal(0), now=timezone.now())
    unmatched_money()
    add_what_the_network_keeps(disabled, 1, timezone.now())
    return disabled


def test_every_table_of_billing_has_its_pages():
    assert {model for model in admin.site._registry if model._meta.app_label == "billing"} == {*DOCUMENTS, *OTHERS}


@pytest.mark.parametrize("model", DOCUMENTS)
def test_documents_can_be_seen_but_not_added_changed_or_deleted(admin_client, everything, model):
    row = model.objects.first()
    assert admin_client.get(url(row)).status_code == 200
    assert admin_client.post(url(row), {}).status_code == 403
    assert admin_client.post(url(row, "delete"), {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse(f"admin:billing_{model._meta.model_name}_add")).status_code == 403
    assert "delete_selected" not in text_of(admin_client.get(list_url(model)))


def test_a_subscription_changes_by_its_actions_only(admin_client, disabled):
    assert admin_client.post(url(disabled), {"login": "other"}).status_code == 403
    assert admin_client.post(url(disabled, "delete"), {"post": "yes"}).status_code == 403


def test_visitors_are_sent_to_the_sign_in(client, disabled):
    for address in ("/admin/", url(disabled.customer), url(disabled.customer, "receive_payment")):
        assert client.get(address).url.startswith("/admin/login/")


@pytest.mark.parametrize("model", [*DOCUMENTS, *OTHERS])
def test_staff_without_permission_see_no_list_and_no_page(staff, everything, model):
    client = staff()
    assert client.get(list_url(model)).status_code == 403
    if row := model.objects.first():
        assert client.get(url(row)).status_code == 403


@pytest.mark.parametrize(
    ("action", "permission"),
    [("issue_bill", "add_bill"), ("disable", "change_subscription"), ("restore", "change_subscription")],
)
def test_actions_on_subscriptions_need_their_permission(staff, disabled, action, permission):
    for without in (staff("view_subscription"), staff("add_payment")):
        response = without.post(url(disabled, action), {"reason": "manual", "number": "1"})
        assert response.status_code == 403
    assert (AccessEvent.objects.count(), Bill.objects.count()) == (1, 1)
    assert staff("view_subscription", permission).get(url(disabled, action)).status_code in (200, 302)


def test_receiving_a_payment_needs_its_permission(staff, disabled):
    for row in (disabled.customer, Bill.objects.get()):
        without = staff("view_customer", "view_bill", "change_customer")
        assert without.post(url(row, "receive_payment"), {"amount": "20", "method": "cash"}).status_code == 403
        assert "Receive payment" not in text_of(without.get(url(row)))
        assert staff("view_customer", "view_bill", "add_payment").get(url(row, "receive_payment")).status_code == 200
    assert not Payment.objects.exists()


def test_actions_on_selected_rows_need_their_permission(staff, disabled):
    values = {"action": "disable_selected", "_selected_action": [disabled.pk]}
    staff("view_subscription").post(list_url(Subscription), values)
    assert AccessEvent.objects.count() == 1
    staff("view_subscription", "change_subscription").post(list_url(Subscription), values)
    assert AccessEvent.objects.count() == 2


def test_panels_show_only_what_the_member_of_staff_may_see(staff, disabled):
    page = text_of(staff("view_customer").get(url(disabled.customer)))
    for title in ("ann-home", "Open bills", "Last payments"):
        assert title not in page


def test_a_customers_code_in_the_address_needs_the_permission(staff, disabled):
    assert staff().get(f"/admin/billing/customer/code/{disabled.customer.code}/").status_code == 403


@pytest.mark.parametrize(
    ("page", "permissions"),
    [
        ("who_will_be_cut", ["view_customer", "view_subscription"]),
        ("rules_in_force", ["view_holiday"]),
    ],
)
def test_a_page_that_is_no_list_needs_its_permissions(staff, page, permissions):
    address = reverse(page)
    for missing in permissions:
        without = staff(*(permission for permission in permissions if permission != missing))
        assert without.get(address).status_code == 403
        assert f'href="{address}"' not in text_of(without.get("/admin/"))
    allowed = staff(*permissions)
    assert allowed.get(address).status_code == 200
    assert f'href="{address}"' in text_of(allowed.get("/admin/"))


def test_a_refused_page_says_what_to_do(staff):
    assert "Ask an administrator" in text_of(staff().get(list_url(Bill)))


def test_a_page_that_does_not_exist_says_so(admin_client):
    response = admin_client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is no page at this address" in text_of(response)


def test_users_are_deactivated_not_deleted(admin_client, admin_user):
    assert admin_client.post(url(admin_user, "delete"), {"post": "yes"}).status_code == 403


def test_a_form_without_its_token_changes_nothing_and_says_why(admin_user, disabled):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    response = client.post(url(disabled, "disable"), {"reason": "manual"})
    assert response.status_code == 403
    assert "Form out of date" in text_of(response)
    assert AccessEvent.objects.count() == 1
    assert not access_of(disabled).is_on


def test_a_wrong_password_is_refused(client, admin_user):
    response = client.post("/admin/login/", {"username": admin_user.username, "password": "wrong"})
    assert "correct username and password" in text_of(response)


def test_a_row_that_is_gone_gives_a_clear_message(admin_client):
    response = admin_client.get("/admin/billing/bill/999999/change/", follow=True)
    assert "doesn’t exist" in shown_messages(response)


def test_what_people_type_is_shown_and_never_run(admin_client):
    evil = "<script>alert(1)</script>"
    customer = make_customer(name=evil, address=evil)
    subscription = make_overdue_subscription(customer=customer, login=f"a{evil}", plan=make_plan(name=evil))
    act = {"reason": "manual", "note": evil}
    pages = [
        admin_client.post(url(subscription, "disable"), act, follow=True),
        admin_client.get(url(subscription, "restore")),
        admin_client.get(url(subscription, "issue_bill")),
        admin_client.get(url(customer, "receive_payment")),
        admin_client.get("/admin/"),
        *(admin_client.get(list_url(model)) for model in (*DOCUMENTS, *OTHERS)),
        *(admin_client.get(url(row)) for row in (customer, subscription, Bill.objects.get(), Block.objects.get())),
    ]
    for page in pages:
        assert page.status_code == 200
        assert evil not in text_of(page)
