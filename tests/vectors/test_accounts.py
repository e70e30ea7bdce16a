"""Examples B and C on a customer's account: what changes, credit and chargebacks come to (rules L2, M6, M8)."""

from datetime import date

import pytest

from billing.models import Allocation, CreditNote, Plan, TaxRate
from billing.services import credit_notes, endings, plan_changes, reversals
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import balance, credit, last_bill, lines, notes, owed, pay, run
from tests.vectors.support import day, money

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


def subscribed(price, starts_on, customer=None, **plan):
    subscription = make_subscription(
        plan=make_plan(price=money(price), **plan), customer=customer or make_customer(), starts_on=day(starts_on)
    )
    run(starts_on)
    return subscription


def give(customer, amount, on):
    return credit_notes.give(customer=customer, amount=money(amount), reason="Credit", now=at(on))


def change(subscription, on, price, **plan):
    return plan_changes.change_now(subscription=subscription, plan=make_plan(price=money(price), **plan), now=at(on))


def test_b22_an_add_on_that_ends_makes_the_bill_cheaper():
    add_on = subscribed("20.00", "2011-09-10")
    pay(add_on.customer, "20.00", "2011-09-10")
    subscribed("24.00", "2011-10-07", add_on.customer)
    endings.end(subscription=add_on, on=date(2011, 10, 7), now=at("2011-10-07"))
    # 3 of 30 days of 20.00 are 2.00. The source's bill holds a line of −2.00; here a credit note pays 2.00 of 24.00.
    assert notes(add_on.customer) == ["unused 2.00"]
    assert owed(add_on.customer) == [money("22.00")]


def test_b24_a_change_to_another_billing_day_leaves_credit_for_the_next_bill():
    subscription = subscribed("249.95", "2016-05-01")
    pay(subscription.customer, "249.95", "2016-05-01")
    outcome = change(subscription, "2016-05-05", "599.95", billing_day=10)
    assert (outcome.charge, outcome.credit) == (money("99.99"), money("217.70"))
    assert credit(subscription.customer) == money("117.71")
    run("2016-05-10")
    assert lines(subscription)[-1] == "2016-05-10 2016-06-10 599.95"
    assert owed(subscription.customer) == [money("482.24")]


def from_year_to_month():
    """A year of 2399.95 paid, and changed to 249.95 a month on the same day."""
    subscription = subscribed("2399.95", "2012-05-01", interval_unit="year")
    pay(subscription.customer, "2399.95", "2012-05-01")
    change(subscription, "2012-05-01", "249.95")
    return subscription


def test_b26_a_year_changed_to_a_month_on_the_same_day_is_credit_that_pays_the_months():
    subscription = from_year_to_month()
    assert notes(subscription.customer) == ["unused 2399.95"]
    assert lines(subscription) == ["2012-05-01 2012-06-01 249.95"]
    assert credit(subscription.customer) == money("2150.00")


def test_b27_each_month_takes_its_price_from_the_credit():
    subscription, left = from_year_to_month(), []
    for first in ("2012-06-01", "2012-07-01"):
        run(first)
        left.append(credit(subscription.customer))
    assert left == [money("1900.05"), money("1650.10")]
    assert owed(subscription.customer) == []


def test_b46_a_downgrade_waits_for_the_end_of_the_period():
    subscription = subscribed("20.00", "2023-10-19")
    pay(subscription.customer, "20.00", "2023-10-19")
    plan_changes.change_at_period_end(
        subscription=subscription, plan=make_plan(price=money("10.00")), now=at("2023-11-09")
    )
    run("2023-11-18")
    assert lines(subscription) == ["2023-10-19 2023-11-19 20.00"]
    run("2023-11-19")
    assert lines(subscription) == ["2023-10-19 2023-11-19 20.00", "2023-11-19 2023-12-19 10.00"]
    assert notes(subscription.customer) == []


def test_c5_credit_above_the_debt_makes_the_next_bill_cheaper():
    subscription = subscribed("249.95", "2012-05-01", bills_while_unpaid=True)
    give(subscription.customer, "300.00", "2012-05-02")
    assert (owed(subscription.customer), balance(subscription.customer)) == ([], money("-50.05"))
    run("2012-06-01")
    assert owed(subscription.customer) == [money("199.90")]


def with_a_thousand():
    """Two bills of 249.95 and a credit of 1000.00 between them."""
    subscription = subscribed("249.95", "2012-05-01")
    note = give(subscription.customer, "1000.00", "2012-05-02")
    run("2012-06-01")
    return subscription, note


def test_c6_credit_pays_both_bills_and_the_rest_stays():
    subscription, _ = with_a_thousand()
    assert (owed(subscription.customer), balance(subscription.customer)) == ([], money("-500.10"))


def test_c7_credit_that_is_withdrawn_leaves_both_bills_unpaid():
    subscription, note = with_a_thousand()
    reversals.withdraw(credit_note=note, reason="Wrong customer", now=at("2012-06-02"))
    assert owed(subscription.customer) == [money("249.95"), money("249.95")]
    assert balance(subscription.customer) == money("499.90")
    # Three documents: the note is returned, and a part of two bills is taken back.
    assert CreditNote.objects.get().returned == money("1000.00")
    assert Allocation.objects.filter(amount__lt=0).count() == 2


def test_c11_a_chargeback_of_a_part_payment_and_its_reversal():
    subscription, owes = subscribed("249.95", "2012-05-01"), []
    payment = pay(subscription.customer, "10.00", "2012-05-02")
    owes += owed(subscription.customer)
    chargeback = reversals.reverse(payment=payment, kind="chargeback", reason="Disputed", now=at("2012-05-03"))
    owes += owed(subscription.customer)
    reversals.win_chargeback(chargeback=chargeback, reason="The bank agreed", now=at("2012-05-04"))
    owes += owed(subscription.customer)
    assert owes == [money("239.95"), money("249.95"), money("239.95")]


def final_bill_from_credit(price, ends_on):
    """A plan in arrears from 1 April, ended, with 17.00 of credit."""
    subscription = subscribed(price, "2024-04-01", mode=Plan.Mode.POSTPAID)
    give(subscription.customer, "17.00", "2024-04-01")
    endings.end(subscription=subscription, on=day(ends_on), now=at(ends_on))
    return subscription.customer


def test_c25_credit_pays_the_final_bill():
    customer = final_bill_from_credit("62.10", "2024-04-02")  # 1 of 30 days
    assert (last_bill(customer).total, owed(customer), credit(customer)) == (money("2.07"), [], money("14.93"))


def test_c26_credit_pays_most_of_the_final_bill():
    customer = final_bill_from_credit("45.00", "2024-04-11")  # 10 of 30 days
    assert (last_bill(customer).total, owed(customer), credit(customer)) == (money("15.00"), [], money("2.00"))


def test_c28_a_credit_note_with_its_tax_pays_another_bill():
    vat = TaxRate.objects.create(name="VAT 20%", percent=20)
    subscription = subscribed("100.00", "2023-02-01", tax_rate=vat)
    pay(subscription.customer, "120.00", "2023-02-01")
    line = last_bill(subscription.customer).lines.get()
    note = credit_notes.correct(
        bill=line.bill, reason="Ended by hand", now=at("2023-02-08"), amounts={line.pk: money("71.43")}
    )
    assert (note.net, note.tax, note.total) == (money("71.43"), money("14.29"), money("85.72"))
    other = make_subscription(
        plan=make_plan(price=money("60.00")), customer=subscription.customer, starts_on=day("2023-02-08")
    )
    issue_next(other, now=at("2023-02-08"))
    assert (owed(subscription.customer), credit(subscription.customer)) == ([], money("25.72"))
