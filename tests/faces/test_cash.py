"""A cashier's day at the drawer, on the pages."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from billing.models import AuditEntry, CashShift, Payment
from billing.services import cash
from tests.builders import make_customer
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, errors_of, facts, preview
from tests.faces.roles import somebody


@pytest.fixture
def cashier():
    return somebody("cashier")


@pytest.fixture
def shift(cashier):
    cashier.post(reverse("my_shift"), {"opening_float": "50"})
    return CashShift.objects.get()


def panel(client, shift, title):
    return next(panel for panel in client.get(url(shift)).context["panels"] if panel.title == title)


def test_my_shift_opens_one_and_leads_to_it(cashier):
    assert "Cash in the drawer" in text_of(cashier.get(reverse("my_shift")))
    answer = cashier.post(reverse("my_shift"), {"opening_float": "50"}, follow=True)
    assert "Your shift is open, with $50.00 in the drawer." in shown_messages(answer)
    assert cashier.get(reverse("my_shift")).url == url(CashShift.objects.get())
    assert AuditEntry.objects.get(kind="action").object_type == "billing.cashshift"


def test_a_day_from_the_float_to_the_signature(cashier, shift):
    customer = make_customer()
    act(cashier, customer, "receive_payment", amount="20", method="cash")
    act(cashier, customer, "receive_payment", amount="7", method="card")
    answer = act(cashier, shift, "deposit", amount="30", reason="Safe")
    assert "The drawer holds $40.00 now" in shown_messages(answer)
    rows = panel(cashier, shift, "By method").rows
    assert [(row[0], row[1]) for row in rows] == [("Card", "1"), ("Cash", "1")]
    assert len(panel(cashier, shift, "Payments").rows) == 2
    short = preview(cashier, shift, "close", counted="39")
    assert "Count again, or give the reason" in errors_of(short)
    seen = facts(preview(cashier, shift, "close", counted="39", reason="Wrong change"))
    assert (seen["It should hold"], seen["Difference"]) == ("$40.00", "-$1.00")
    done = act(cashier, shift, "close", counted="39", reason="Wrong change")
    assert "$39.00 counted, $40.00 expected, difference -$1.00" in shown_messages(done)
    assert cashier.get(url(shift, "sign")).status_code == 403
    signed = act(somebody("billing"), shift, "sign")
    assert "You have signed for $39.00 of the-cashier." in shown_messages(signed)
    shift.refresh_from_db()
    assert shift.handed_over_to.username == "the-billing"
    assert AuditEntry.objects.filter(object_type="billing.cashshift", kind="action").count() == 4


def test_a_cashier_sees_only_shifts_of_their_own(cashier, shift):
    other = cash.start(staff=User.objects.create_user("bob"), opening_float=Decimal(0), now=timezone.now())
    assert [row.pk for row in cashier.get(list_url(CashShift)).context["cl"].result_list] == [shift.pk]
    assert cashier.get(url(other)).status_code == 302
    assert somebody("auditor").get(url(other)).status_code == 200


def test_only_the_cashier_moves_the_cash_and_who_may_sign_closes_it(shift):
    boss = somebody("manager")
    page = text_of(boss.get(url(shift)))
    assert url(shift, "deposit") not in page and url(shift, "close") in page
    values = {"amount": "5", "reason": "x", "request_key": "7b1dbe6c-3c5f-4f1b-9d4d-0d5f5f7d3a10"}
    assert "Only the-cashier moves" in errors_of(boss.post(url(shift, "deposit"), values))
    act(boss, shift, "close", counted="50")
    shift.refresh_from_db()
    assert shift.closed_by.username == "the-manager"


def test_a_drawer_above_the_limit_asks_for_a_deposit(cashier, shift, settings):
    settings.CASH_LIMIT = "60"
    answer = act(cashier, make_customer(), "receive_payment", amount="20", method="cash")
    assert "Your drawer holds $70.00: take a deposit" in shown_messages(answer)
    act(cashier, shift, "deposit", amount="40", reason="Bank")
    answer = act(cashier, make_customer(), "receive_payment", amount="5", method="cash")
    assert "take a deposit" not in shown_messages(answer)


def test_cash_without_a_shift_is_refused_where_the_setting_says_so(cashier, settings):
    settings.CASH_NEEDS_SHIFT = True
    answer = act(cashier, make_customer(), "receive_payment", amount="20", method="cash")
    assert "Cash needs an open shift" in errors_of(answer)
    assert not Payment.objects.exists()
