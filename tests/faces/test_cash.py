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


def test_notes_and_coins_are_counted_one_by_one(cashier, shift):
    pieces = {"pieces_1": "1"} | {"counted": ""}  # of USD: 100, 50, 20, …
    seen = facts(preview(cashier, shift, "close", **pieces))
    assert (seen["Cash counted"], seen["Difference"], seen["Notes and coins"]) == ("$50.00", "$0.00", "1 × 50")
    other = preview(cashier, shift, "close", pieces_1="1", counted="49", reason="x")
    assert "come to 50.00 USD, but 49.00 USD is entered" in errors_of(other)
    assert "Enter the cash that you counted" in errors_of(preview(cashier, shift, "close", counted=""))
    act(cashier, shift, "close", **pieces)
    shift.refresh_from_db()
    assert (shift.counted, shift.pieces) == (Decimal(50), {"50": 1})
    assert "1 × 50" in text_of(cashier.get(url(shift)))


def test_a_payment_between_preview_and_confirmation_asks_for_another_count(cashier, shift):
    shown = preview(cashier, shift, "close", counted="49", reason="Wrong change").context["form"]
    values = {name: value for name in shown.fields if (value := shown[name].value())}
    act(cashier, make_customer(), "receive_payment", amount="20", method="cash")
    answer = cashier.post(url(shift, "close"), {**values, "confirmed": "1"})
    assert "it moved. Count again" in errors_of(answer)
    shift.refresh_from_db()
    assert shift.closed_at is None


def test_in_a_currency_whose_notes_we_do_not_know_only_the_amount_is_asked_for(cashier, shift, settings):
    settings.CURRENCY = "XAF"
    form = cashier.get(url(shift, "close")).context["form"]
    assert [field.name for field in form.visible_fields()] == ["counted", "reason"]


@pytest.mark.parametrize("size", ["a4", "roll"])
def test_the_report_of_a_shift_adds_up_to_its_count(cashier, shift, size):
    act(cashier, make_customer(), "receive_payment", amount="20", method="cash")
    act(cashier, make_customer(), "receive_payment", amount="7", method="card")
    act(cashier, shift, "pay_out", amount="3", reason="Stamps")
    assert "Still open" in text_of(cashier.get(url(shift, "print_document") + f"?size={size}"))
    act(
        cashier,
        shift,
        "close",
        counted="66",
        reason="Wrong change",
        pieces_1="1",
        pieces_2="0",
        pieces_4="3",
        pieces_6="1",
    )
    act(somebody("billing"), shift, "sign")
    report = text_of(cashier.get(url(shift, "print_document") + f"?size={size}"))
    for told in (
        "the-cashier", "Card", "Cash payments", "Pay-out: Stamps", "-$3.00", "$67.00", "3 × 5", "$66.00", "-$1.00",
        "Wrong change", "the-billing",
    ):  # fmt: skip
        assert told in report, told


def test_the_report_comes_as_pdf(cashier, shift, can_write_pdf):
    answer = cashier.get(url(shift, "print_document") + "?size=roll&format=pdf")
    assert answer.content.startswith(b"%PDF")
    assert somebody("support").get(url(shift, "print_document")).status_code in (302, 403)
