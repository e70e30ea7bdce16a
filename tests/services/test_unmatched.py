"""The suspense list: money that waits until staff say whose it is, once, or refuse it."""

from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import Payment, UnmatchedPayment
from billing.rules.errors import Refused
from billing.services import payments, sweep, unmatched
from tests.builders import access_of, make_customer, make_overdue_subscription
from tests.importing import NOW, bring_in, somebody


def waiting(reference="R1", amount="20.00", phone="", payer="", text=""):
    """A row of a statement that was not matched."""
    bring_in("payments", f"Receipt No,Amount,Phone,Payer,Details\n{reference},{amount},{phone},{payer},{text}\n")
    return UnmatchedPayment.objects.get(reference=reference)


@pytest.mark.django_db
@pytest.mark.usefixtures("books_are_right")
class TestOne:
    def test_it_becomes_the_payment_of_the_customer_that_staff_name(self):
        subscription = make_overdue_subscription()
        sweep.disable_due(now=timezone.now(), limit=10)
        item, by = waiting(), somebody()
        payment = unmatched.resolve(item=item, customer=subscription.customer, now=timezone.now(), by=by)
        assert (payment.amount, payment.gateway, payment.transaction_id) == (Decimal(20), "mpesa", "R1")
        assert access_of(subscription).is_on
        item.refresh_from_db()
        assert (item.state, item.payment, item.closed_by) == ("resolved", payment, by)

    def test_a_second_click_gives_the_first_payment_and_another_customer_is_refused(self):
        item, ann, bob = waiting(), make_customer(), make_customer()
        payment = unmatched.resolve(item=item, customer=ann, now=NOW)
        assert unmatched.resolve(item=item, customer=ann, now=NOW) == payment
        with pytest.raises(Refused, match=f"payment of customer {ann.code} already"):
            unmatched.resolve(item=item, customer=bob, now=NOW)
        with pytest.raises(Refused, match="already"):
            unmatched.refuse(item=item, reason="Sent back", now=NOW)
        assert Payment.objects.count() == 1

    def test_a_payment_that_came_another_way_with_its_reference_is_not_made_again(self):
        item, ann = waiting(), make_customer()
        how = {"method": "mobile", "gateway": "mpesa", "transaction_id": "R1"}
        payments.receive(customer=ann, amount=Decimal(20), now=NOW, **how)
        with pytest.raises(Refused, match="has the same reference"):
            unmatched.resolve(item=item, customer=ann, now=NOW)

    def test_it_is_refused_with_a_reason_and_then_no_payment(self):
        item = waiting()
        with pytest.raises(Refused, match="Say why"):
            unmatched.refuse(item=item, reason=" ", now=NOW)
        unmatched.refuse(item=item, reason="Sent back to the payer", now=NOW, by=somebody())
        item.refresh_from_db()
        assert (item.state, item.refusal) == ("refused", "Sent back to the payer")
        with pytest.raises(Refused, match="refused already: Sent back"):
            unmatched.resolve(item=item, customer=make_customer(), now=NOW)
        assert not Payment.objects.exists()

    def test_who_has_the_phone_the_code_or_the_name_is_suggested(self):
        phone = [make_customer(name="Cy", phone="0700000002"), make_customer(name="Di", phone="0700000002")]
        called = make_customer(name="Zoltan Example", code="C-777777")
        assert unmatched.suggestions(waiting("R1", phone="254700000002")) == phone
        assert unmatched.suggestions(waiting("R2", payer="zoltan ex")) == [called]
        assert unmatched.suggestions(waiting("R3")) == []


@pytest.mark.django_db(transaction=True)
def test_two_members_of_staff_at_once_make_one_payment():
    item, customers = waiting(), [make_customer(), make_customer()]
    outcomes, start = [], Barrier(2)

    def resolve(customer):
        start.wait()
        try:
            outcomes.append(unmatched.resolve(item=item, customer=customer, now=NOW))
        except Refused as refused:
            outcomes.append(refused)
        finally:
            connection.close()

    threads = [Thread(target=resolve, args=[customer]) for customer in customers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Payment.objects.count() == 1
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Payment", "Refused"]
