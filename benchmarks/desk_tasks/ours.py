"""The five tasks on our pages."""

from __future__ import annotations

from re import compile as pattern

from benchmarks.desk_tasks.journey import Journey
from benchmarks.desk_tasks.subscriber import FRIDAY, Subscriber

START = "/admin/"


def find(desk: Journey, one: Subscriber) -> None:
    """Type a login into the box of the first page; everything of the customer is on one page."""
    desk.fill(desk.tab.locator("#counter-box"), one.login)
    desk.tab.get_by_role("option").first.wait_for()
    desk.press("Enter")
    desk.tab.get_by_role("heading", name="Open bills").wait_for()


def pay(desk: Journey, one: Subscriber) -> None:
    """From the customer's page; the amount is filled in, and the preview names who is online again."""
    desk.click(desk.tab.get_by_role("link", name="Receive payment"))
    desk.tab.locator("[name=amount]:focus").wait_for()
    desk.press("Enter")
    desk.tab.locator("button[name=confirmed]:focus").wait_for()
    desk.press("Enter")
    desk.tab.get_by_text("received").first.wait_for()


def promise(desk: Journey, one: Subscriber) -> None:
    """From the customer's page."""
    desk.click(desk.tab.get_by_role("link", name="Promise to pay"))
    desk.fill(desk.tab.get_by_label("Promised for"), FRIDAY)
    desk.fill(desk.tab.get_by_label("Reason"), "Salary on Friday")
    desk.click(desk.tab.get_by_role("button", name="Promise to pay"))
    desk.tab.get_by_text("The promise of").wait_for()


def change_plan(desk: Journey, one: Subscriber) -> None:
    """From the customer's page; the preview shows credit, charge and tax, and the documents are issued."""
    desk.click(desk.tab.get_by_role("link", name=one.login, exact=True).first)
    desk.click(desk.tab.locator("[x-ref=actionDropdown] > a").first)
    desk.click(desk.tab.get_by_role("link", name="Change plan"))
    plans = desk.tab.get_by_role("combobox", name="New plan")
    desk.choose(plans, plans.locator("option", has_text=one.other_plan).first.inner_text())
    desk.click(desk.tab.get_by_role("button", name="Preview"))
    desk.click(desk.tab.get_by_role("button", name="Change plan"))
    desk.tab.get_by_text(pattern("changed|changes")).first.wait_for()


def print_bill(desk: Journey, one: Subscriber) -> None:
    """From the customer's page: the document, ready for the printer."""
    desk.click(desk.tab.get_by_role("link", name=one.bill, exact=True).first)
    desk.click(desk.tab.get_by_role("link", name="Print").first)
