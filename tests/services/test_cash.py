"""A cashier's shift: what is counted to it, what the drawer should hold, and that a closed one never changes."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from billing.models import CashMovement, CashShift, Payment
from billing.rules.errors import Refused
from billing.services import cash, payments, reversals
from tests.builders import at, make_customer

pytestmark = pytest.mark.django_db
MORNING, NOON, EVENING = at("2026-05-05T08:00"), at("2026-05-05T12:00"), at("2026-05-05T18:00")


@pytest.fixture
def ann():
    return User.objects.create_user("ann")


@pytest.fixture
def shift(ann):
    return cash.start(staff=ann, opening_float=Decimal(50), now=MORNING)


def take(by, amount=20, method="cash"):
    return payments.receive(customer=make_customer(), amount=Decimal(amount), method=method, now=NOON, by=by)


def move(shift, kind, amount, **changes):
    values = {"reason": "Stamps", "now": NOON, "by": shift.staff, **changes}
    return cash.move(shift=shift, kind=kind, amount=Decimal(amount), **values)


def close(shift, counted, reason="", **changes):
    return cash.close(
        shift=shift, counted=Decimal(counted), reason=reason, now=EVENING, **{"by": shift.staff, **changes}
    )


def shift_of(row):
    return type(row).objects.values_list("shift", flat=True).get(pk=row.pk)


def test_a_payment_belongs_to_the_open_shift_of_who_took_it(ann, shift):
    other = User.objects.create_user("bob")
    assert shift_of(take(ann)) == shift.pk
    assert shift_of(take(other)) is None and shift_of(take(None)) is None
    close(shift, "70")
    assert shift_of(take(ann)) is None


def test_the_drawer_holds_float_and_cash_and_what_was_moved(ann, shift):
    take(ann, 20)
    take(ann, 30, method="card")
    move(shift, "pay-in", 5)
    move(shift, "pay-out", 3)
    move(shift, "deposit", 40, reason="Safe")
    assert cash.drawer(shift) == Decimal("32.00")
    assert [tuple(part) for part in cash.by_method(shift)] == [("card", 1, 30, 0), ("cash", 1, 20, 0)]
    assert close(shift, "32").expected == 32


def test_a_mistake_leaves_the_shift_of_its_payment_while_that_is_open(ann, shift):
    payment = take(ann, 20)
    reversals.reverse(payment=payment, reason="Typed twice", now=NOON, by=User.objects.create_user("bob"))
    assert cash.drawer(shift) == 50
    assert [tuple(part) for part in cash.by_method(shift)] == [("cash", 1, 20, 20)]


def test_a_mistake_found_after_the_close_changes_no_shift(ann, shift):
    payment = take(ann, 20)
    close(shift, "50", "20 too few")
    later = cash.start(staff=ann, opening_float=Decimal(10), now=EVENING)
    reversal = reversals.reverse(payment=payment, reason="Typed twice", now=EVENING, by=ann)
    assert shift_of(reversal) is None and cash.drawer(later) == 10
    assert CashShift.objects.get(pk=shift.pk).expected == 70


def test_cash_that_is_paid_out_leaves_the_drawer_of_who_pays_it_out(ann, shift):
    bob = User.objects.create_user("bob")
    his = cash.start(staff=bob, opening_float=Decimal(100), now=MORNING)
    payment = take(ann, 20)
    reversals.refund(source=payment, reason="Moved away", method="cash", amount=Decimal(15), now=NOON, by=bob)
    reversals.refund(source=payment, reason="Moved away", method="bank", amount=Decimal(5), now=NOON, by=bob)
    assert (cash.drawer(shift), cash.drawer(his)) == (70, 85)


def test_nobody_has_two_open_shifts(ann, shift):
    with pytest.raises(Refused, match="an open shift already"):
        cash.start(staff=ann, opening_float=Decimal(0), now=NOON)
    close(shift, "50")
    assert cash.start(staff=ann, opening_float=Decimal(0), now=EVENING).pk != shift.pk


def test_a_difference_needs_a_reason_and_is_kept(shift):
    with pytest.raises(Refused, match=r"2\.00 USD short of the 50\.00 USD"):
        close(shift, "48")
    closed = close(shift, "48", "Wrong change")
    assert (closed.expected, closed.counted, closed.difference_reason) == (50, 48, "Wrong change")
    assert close(shift, "48").pk == closed.pk
    with pytest.raises(Refused, match="never changes"):
        close(shift, "50")


def test_what_cannot_be_moved_is_refused(shift):
    with pytest.raises(Refused, match=r"holds 50\.00 USD"):
        move(shift, "deposit", "50.01")
    with pytest.raises(Refused, match="Say what for"):
        move(shift, "pay-out", 1, reason=" ")
    with pytest.raises(Refused, match="Only ann moves"):
        move(shift, "pay-in", 1, by=User.objects.create_user("bob"))
    close(shift, "50")
    with pytest.raises(Refused, match="never changes"):
        move(shift, "pay-in", 1)


def test_m9_a_movement_that_is_sent_twice_is_one(shift):
    key = "7b1dbe6c-3c5f-4f1b-9d4d-0d5f5f7d3a10"
    first, second = (move(shift, "deposit", 10, request_key=key) for _ in range(2))
    assert first == second and CashMovement.objects.count() == 1


def test_a_second_person_signs(ann, shift):
    bob, eve = User.objects.create_user("bob"), User.objects.create_user("eve")
    with pytest.raises(Refused, match="is open"):
        cash.hand_over(shift=shift, now=EVENING, to=bob)
    close(shift, "50")
    with pytest.raises(Refused, match="a second person"):
        cash.hand_over(shift=shift, now=EVENING, to=ann)
    signed = cash.hand_over(shift=shift, now=EVENING, to=bob)
    assert cash.hand_over(shift=shift, now=EVENING, to=bob) == signed
    with pytest.raises(Refused, match="bob has signed"):
        cash.hand_over(shift=shift, now=EVENING, to=eve)


@pytest.mark.parametrize(
    "change",
    ["counted = 60", "opening_float = 1", "closed_at = NULL", "handed_over_to_id = staff_id, handed_over_at = now()"],
)
def test_the_database_refuses_to_change_a_closed_shift(shift, change):
    close(shift, "50")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_cashshift SET {change}")


@pytest.mark.parametrize("table", ["billing_cashshift", "billing_cashmovement"])
def test_the_database_removes_no_shift_and_no_movement(shift, table):
    move(shift, "pay-in", 5)
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_what_the_drawer_should_hold_is_not_for_the_application_to_say(ann, shift):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_cashshift SET closed_at = now(), closed_by_id = staff_id, counted = 50, expected = 7"
        )
    assert CashShift.objects.get().expected == 50


def test_cash_may_need_a_shift(ann, settings):
    take(ann)
    settings.CASH_NEEDS_SHIFT = True
    with pytest.raises(Refused, match="Open yours"):
        take(ann)
    payment = take(ann, method="card")
    with pytest.raises(Refused, match="Open yours"):
        reversals.refund(source=payment, reason="Moved away", method="cash", now=NOON, by=ann)
    take(None)
    cash.start(staff=ann, opening_float=Decimal(0), now=NOON)
    take(ann)
    assert Payment.objects.count() == 4


def test_a_drawer_above_its_limit_is_told(ann, shift, settings):
    assert cash.above_limit(ann) is None
    settings.CASH_LIMIT = "60"
    assert cash.above_limit(ann) is None
    take(ann, 20)
    assert cash.above_limit(ann) == 70
    move(shift, "deposit", 10)
    assert cash.above_limit(ann) is None


def test_notes_and_coins_come_to_what_is_counted(shift):
    pieces = {"20": 2, "5": 1, "0.50": 10}
    closed = close(shift, "50", pieces=pieces)
    assert (closed.counted, closed.pieces) == (50, pieces)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        CashShift.objects.update(pieces={})


@pytest.mark.parametrize(
    ("pieces", "says"),
    [({"20": 2}, "come to 40.00 USD, but 50.00 USD"), ({"7": 1}, "1 × 7 cannot be"), ({"20": -1}, "-1 × 20 cannot be")],
)
def test_notes_and_coins_that_cannot_be_are_refused(shift, pieces, says):
    with pytest.raises(Refused, match=says):
        close(shift, "50", pieces=pieces)


def test_cash_that_came_after_the_count_was_seen_asks_for_another_count(ann, shift):
    """Else its reason would stand for a difference that nobody has seen."""
    seen = cash.drawer(shift)
    take(ann, 30)
    with pytest.raises(Refused, match=r"should hold 80.00 USD now, not 50.00 USD: it moved. Count again"):
        close(shift, "49", reason="Wrong change", seen=seen)
    assert close(shift, "79", reason="Wrong change", seen=Decimal(80)).expected == 80


@pytest.mark.parametrize("method", ["cash", "bank"])
def test_money_of_a_statement_is_in_no_shift(ann, shift, settings, method):
    settings.CASH_NEEDS_SHIFT = True
    how = {"gateway": "mpesa", "transaction_id": "R1"}
    paid = payments.receive(customer=make_customer(), amount=Decimal(5), method=method, now=NOON, by=ann, **how)
    assert shift_of(paid) is None
    assert cash.drawer(shift) == 50
