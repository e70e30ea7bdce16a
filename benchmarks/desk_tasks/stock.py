"""The five tasks on forms over the same tables: every row is written by hand, and nothing computes."""

from __future__ import annotations

from benchmarks.desk_tasks.journey import Journey
from benchmarks.desk_tasks.subscriber import FRIDAY, TODAY, Subscriber

START = "/admin/stock/"


def find(desk: Journey, one: Subscriber) -> None:
    """The customer, the open bills and the access stand in three tables."""
    _row(desk, "customer", one.login)
    _search(desk, "bill", one.login)
    _search(desk, "accessstate", one.login)


def pay(desk: Journey, one: Subscriber) -> None:
    """The payment, what it pays, the bill, the block and the access; how much, is worked out by the cashier."""
    _add(desk, "payment")
    desk.look_up("customer", one.code)
    for field, value in (
        ("number", one.receipt),
        ("sequence", one.receipt.lstrip("RX0") or "1"),
        ("amount", one.owed),
        ("currency", "USD"),
        ("allocated", one.owed),
        ("received_on", TODAY),
        ("received_at_0", TODAY),
        ("received_at_1", "12:00"),
    ):
        desk.fill(desk.tab.locator(f"#id_{field}"), value)
    _save(desk)
    _add(desk, "allocation")
    desk.look_up("payment", one.receipt)
    desk.look_up("bill", one.bill)
    desk.fill(desk.tab.locator("#id_amount"), one.owed)
    desk.fill(desk.tab.locator("#id_allocated_at_0"), TODAY)
    desk.fill(desk.tab.locator("#id_allocated_at_1"), "12:00")
    _save(desk)
    _row(desk, "bill", one.bill)
    desk.choose(desk.tab.locator("#id_status"), "Paid")
    desk.fill(desk.tab.locator("#id_allocated"), one.owed)
    _save(desk)
    _open_access(desk, one)


def promise(desk: Journey, one: Subscriber) -> None:
    """The promise, the block, the access and until when it is not cut."""
    _add(desk, "promise")
    desk.look_up("customer", one.code)
    desk.fill(desk.tab.locator("#id_until"), FRIDAY)
    desk.fill(desk.tab.locator("#id_why"), "Salary on Friday")
    _save(desk)
    _open_access(desk, one, not_before=FRIDAY)


def change_plan(desk: Journey, one: Subscriber) -> None:
    """The plan alone: the credit, the charge, the tax and their documents are left out."""
    _row(desk, "subscription", one.login)
    desk.choose(desk.tab.locator("#id_plan"), one.other_plan)
    _save(desk)


def print_bill(desk: Journey, one: Subscriber) -> None:
    """The form of the bill: it is no document, whatever the browser prints of it."""
    _row(desk, "bill", one.bill)


def _open_access(desk: Journey, one: Subscriber, *, not_before: str = "") -> None:
    _row(desk, "block", one.login)
    desk.fill(desk.tab.locator("#id_closed_at_0"), TODAY)
    desk.fill(desk.tab.locator("#id_closed_at_1"), "12:00")
    _save(desk)
    _row(desk, "accessstate", one.login)
    desk.click(desk.tab.locator("#id_is_on"))
    if not_before:
        desk.fill(desk.tab.locator("#id_not_before_0"), not_before)
        desk.fill(desk.tab.locator("#id_not_before_1"), "00:00")
    _save(desk)


def _list(desk: Journey, model: str) -> None:
    desk.follow(f"/admin/stock/billing/{model}/")


def _search(desk: Journey, model: str, text: str) -> None:
    _list(desk, model)
    desk.fill(desk.tab.locator("#searchbar"), text)
    desk.press("Enter")


def _row(desk: Journey, model: str, text: str) -> None:
    """Of several the newest, which stands first."""
    _search(desk, model, text)
    desk.click(desk.tab.locator("#result_list tbody th a, #result_list tbody td a").first)


def _add(desk: Journey, model: str) -> None:
    _list(desk, model)
    desk.click(desk.tab.locator(f"a[href^='/admin/stock/billing/{model}/add/']").first)


def _save(desk: Journey) -> None:
    desk.click(desk.tab.locator("[name=_save]").first)
    faults = desk.tab.locator(".errorlist, .text-red-600").all_inner_texts()
    assert "was " in desk.tab.locator("body").inner_text(), faults
