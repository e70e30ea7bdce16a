"""Many bills in one file: ordered, made part by part, joined, kept."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from billing.documents import batches, rendering
from billing.models import Bill, PrintOrder, PrintPart
from billing.rules.errors import Refused
from billing.services import bills, print_orders
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.documents.reading import pages_of

NOW = at("2026-05-02")


@pytest.fixture
def by():
    return User.objects.create_user("printer")


@pytest.fixture
def three_at_a_time(monkeypatch):
    monkeypatch.setattr(batches, "BILLS_AT_A_TIME", 3)


def issue(count, *, on="2026-05-01"):
    plan, customer = make_plan(price=Decimal(20)), make_customer()
    day = date.fromisoformat(on)
    made = [make_subscription(plan=plan, customer=customer, starts_on=day) for _ in range(count)]
    return [issue_next(subscription, now=at(on)) for subscription in made]


def order(by, **changes):
    values = {"bills": Bill.objects.all(), "what": "Bills", "by": by, "now": NOW, "request_key": uuid4(), **changes}
    return print_orders.order(**values)


def carry_out_all():
    steps = []
    while (count := batches.carry_out(now=NOW)) is not None:
        steps.append(count)
    return steps


def file_of(order):
    return b"".join(print_orders.parts_of(order))


def test_a_file_has_every_bill_once_in_the_order_of_issue(by, three_at_a_time, can_write_pdf):
    issue(5)
    issue(2, on="2026-04-01")
    [ordered] = order(by)
    assert carry_out_all() == [3, 3, 1, 0]
    ordered.refresh_from_db()
    assert (ordered.status, ordered.done, ordered.total, ordered.ended_at) == ("done", 7, 7, NOW)
    numbers = list(Bill.objects.order_by("issued_on", "pk").values_list("number", flat=True))
    pages = pages_of(file_of(ordered))
    assert [number for number in numbers for page in pages if f"Bill {number}" in page] == numbers
    assert len(pages) == 7


def test_what_is_made_of_a_file_grows_step_by_step(by, three_at_a_time, can_write_pdf):
    issue(4)
    [ordered] = order(by)
    assert batches.carry_out(now=NOW) == 3
    ordered.refresh_from_db()
    assert (ordered.status, ordered.done, ordered.total) == ("waiting", 3, 4)


def test_a_file_of_one_bill_is_that_bill(by, can_write_pdf):
    issue(1)
    [ordered] = order(by)
    carry_out_all()
    assert len(pages_of(file_of(ordered))) == 1


def test_a_large_file_is_kept_in_pieces(by, monkeypatch, can_write_pdf):
    monkeypatch.setattr(print_orders, "PIECE", 1000)
    issue(1)
    [ordered] = order(by)
    carry_out_all()
    assert PrintPart.objects.count() > 5
    assert len(pages_of(file_of(ordered))) == 1


def test_what_would_be_too_large_for_one_file_is_several_of_them(by, monkeypatch):
    monkeypatch.setattr(print_orders, "MOST_BILLS", 2)
    made = issue(5)
    orders = order(by, what="Bills of May")
    assert [part.bill_ids for part in orders] == [[bill.pk for bill in made][i : i + 2] for i in (0, 2, 4)]
    assert str(orders[1]) == "Bills of May (file 2 of 3)"


def test_more_than_the_most_is_refused_and_nothing_is_ordered(by, monkeypatch):
    monkeypatch.setattr(print_orders, "MOST_BILLS", 1)
    monkeypatch.setattr(print_orders, "MOST_FILES", 2)
    issue(3)
    with pytest.raises(Refused, match="more than 2 bills. Choose fewer days"):
        order(by)
    assert not PrintOrder.objects.exists()


def test_nothing_to_print_is_refused(by):
    with pytest.raises(Refused, match="No bill was issued on these days"):
        order(by)


def test_the_same_request_orders_once(by):
    issue(1)
    key = uuid4()
    assert order(by, request_key=key) == order(by, request_key=key)
    assert PrintOrder.objects.count() == 1


def test_bills_that_are_issued_later_do_not_get_into_an_order(by, can_write_pdf):
    issue(1)
    [ordered] = order(by)
    issue(1)
    carry_out_all()
    assert len(pages_of(file_of(ordered))) == 1


def test_a_bill_that_is_voided_meanwhile_says_so_in_the_file(by, can_write_pdf):
    [bill] = issue(1)
    [ordered] = order(by)
    bills.void(bill=bill, reason="Wrong", now=NOW)
    carry_out_all()
    assert "VOID" in pages_of(file_of(ordered))[0]


def test_a_cancelled_order_is_made_no_further_and_keeps_nothing(by):
    issue(2)
    [ordered] = order(by)
    print_orders.add(ordered, b"%PDF", count=1)
    print_orders.cancel(ordered, now=NOW)
    assert carry_out_all() == []
    assert not PrintPart.objects.exists()
    with pytest.raises(Refused, match="ended already"):
        print_orders.cancel(ordered, now=NOW)


def test_bills_that_are_made_while_the_order_is_cancelled_are_thrown_away(by):
    issue(1)
    [ordered] = order(by)
    begun = print_orders.begin(now=NOW)
    print_orders.cancel(ordered, now=NOW)
    print_orders.add(begun, b"%PDF", count=1)
    assert not PrintPart.objects.exists()


def test_two_that_make_the_same_bills_keep_them_once(by):
    issue(1)
    order(by)
    first, second = print_orders.begin(now=NOW), print_orders.begin(now=NOW)
    print_orders.add(first, b"one", count=1)
    print_orders.add(second, b"two", count=1)
    assert [bytes(part.content) for part in PrintPart.objects.all()] == [b"one"]
    assert PrintOrder.objects.get().done == 1


def test_an_order_that_cannot_be_made_tells_why_and_does_not_hold_up_the_next(by, monkeypatch, can_write_pdf):
    broken, good = issue(2)
    [first] = order(by, bills=Bill.objects.filter(pk=broken.pk))
    [second] = order(by, bills=Bill.objects.filter(pk=good.pk))
    html = rendering.html

    def spoilt(paper):
        if paper.content["document"] == broken:
            raise ValueError("The template divides by zero")
        return html(paper)

    monkeypatch.setattr(rendering, "html", spoilt)
    carry_out_all()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.error) == ("failed", "The template divides by zero")
    assert second.status == "done"


def test_bills_that_end_the_process_are_given_up_after_three_tries(by):
    issue(1)
    [ordered] = order(by)
    for _ in range(3):
        assert print_orders.begin(now=NOW) == ordered  # and no more is heard of the process
    assert print_orders.begin(now=NOW) is None
    ordered.refresh_from_db()
    assert ordered.status == "failed"
    assert "ended the program" in ordered.error


def test_old_files_are_forgotten_and_what_waits_is_not(by, can_write_pdf):
    issue(1)
    order(by)
    carry_out_all()
    [waiting] = order(by)
    assert print_orders.forget(before=NOW) == 0
    assert print_orders.forget(before=at("2026-05-09")) == 1
    assert list(PrintOrder.objects.all()) == [waiting]
    assert not PrintPart.objects.exists()
