"""Loading the demo: all or nothing, only where it may, and the business goes on from it."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from billing.demo import bulk, loader
from billing.models import AccessEvent, AccessState, Bill, Customer, NumberSeries, Payment, Plan, Subscription
from billing.services import books, customers, holds, payments, sweep
from tests.builders import issue_next, make_customer


def shape_of_tables():
    with connection.cursor() as cursor:
        return bulk._look(cursor, loader.LARGE)


def test_the_first_expiry_check_disables_the_overdue_and_the_second_finds_none(load):
    now = load()
    first = sweep.disable_due(now=now, limit=500)
    assert (len(first.disabled), first.set_aside) == (16, {})
    second = sweep.disable_due(now=now, limit=500)
    assert (second.disabled, second.set_aside) == ([], {})


def test_a_payment_brings_a_disabled_customer_back(load):
    now = load()
    code = sweep.disable_due(now=now, limit=500).disabled[0]
    customer = customers.by_code(code)
    owed = sum(bill.outstanding for bill in customer.bills.all())
    payment = payments.receive(customer=customer, amount=owed, method="cash", now=now)
    assert payment.number == f"R{NumberSeries.objects.get(key='receipt').last_value:06d}"
    assert payment.allocated == owed
    assert not AccessState.objects.filter(subscription__customer=customer, is_on=False).exists()
    assert AccessEvent.objects.first().rule == "E7"


def test_what_is_on_hold_can_be_resumed(load):
    now = load()
    subscription = Subscription.objects.filter(access_state__is_on=False).first()
    holds.resume(subscription=subscription, now=now)
    assert AccessState.objects.get(pk=subscription.pk).is_on


def test_numbers_go_on_where_the_demo_ends(load):
    now = load()
    assert make_customer().code == "C000201"
    number = NumberSeries.objects.get(key="bill").last_value
    billable = Subscription.objects.filter(plan__mode="prepaid", billing_state__bill_on__isnull=False)
    subscription = billable.select_related("plan").first()
    bill = issue_next(subscription, now=now)
    assert (bill.sequence, bill.number) == (number + 1, f"B{number + 1:06d}")


def test_credit_pays_the_next_bill(load):
    now = load()
    payment = next(payment for payment in Payment.objects.all() if payment.credit > 0)
    subscription = payment.customer.subscriptions.get()
    bill = issue_next(subscription, now=now)
    assert bill.status == Bill.Status.PAID


def test_the_tables_are_guarded_as_before(load):
    before = shape_of_tables()
    assert len(before.constraints) + len(before.indexes) > 40
    load(20)
    assert shape_of_tables() == before
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Bill.objects.filter(pk=1).update(total=1)
    with pytest.raises(IntegrityError, match="is still referenced"), transaction.atomic():
        Customer.objects.filter(pk=1)._raw_delete(using="default")


def test_a_load_that_fails_leaves_nothing(load):
    before = shape_of_tables()

    def fail_at_checks(stage, done, parts):
        if stage == "Checks of all rows":
            raise RuntimeError("stopped here")

    with pytest.raises(RuntimeError, match="stopped here"):
        load(20, report=fail_at_checks)
    assert shape_of_tables() == before
    assert not any(model.objects.exists() for model in (Customer, Plan, Bill, NumberSeries))
    assert loader.loaded() is None
    load(20)


def test_one_customer_is_enough(load):
    load(1)
    assert Customer.objects.get().code == "C000001"


def test_data_that_break_a_rule_are_not_kept(load, monkeypatch):
    execute_file = loader._execute

    def execute(cursor, file, parameters):
        execute_file(cursor, file, parameters)
        if file == "load_accounts":
            cursor.execute("UPDATE billing_account SET balance = balance + 1 WHERE customer_id = 7")

    monkeypatch.setattr(loader, "_execute", execute)
    with pytest.raises(books.BooksDiffer, match="balance = sum of the ledger: customer 7"):
        load(20)
    assert not Customer.objects.exists()


@pytest.fixture
def demo_mode(empty_database, settings):
    settings.DEMO = True


def test_the_command_loads_once_and_then_keeps_what_is_there(demo_mode, capsys):
    call_command("load_demo", "--customers=5")
    assert "5 customers" in capsys.readouterr().out
    call_command("load_demo", "--customers=7")
    assert "They are kept" in capsys.readouterr().out
    assert Customer.objects.count() == 5


def test_real_customers_are_never_mixed_with_made_up_ones(demo_mode):
    make_customer(name="Real person")
    with pytest.raises(CommandError, match="already holds customers"):
        call_command("load_demo")
    assert Customer.objects.count() == 1


def test_without_demo_mode_nothing_is_loaded(transactional_db, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo")
    assert not Customer.objects.exists()


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_wrong_number_of_customers_is_refused(number):
    with pytest.raises(CommandError, match="not a number of customers"):
        call_command("load_demo", f"--customers={number}")
