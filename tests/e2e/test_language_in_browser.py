"""A member of staff changes the language of the pages, and it stays."""

import pytest

from tests.e2e.test_browser import desk, off, page  # noqa: F401  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose(tab, language):
    """In the menu of the account."""
    tab.get_by_text("unfold_more").click()
    tab.locator("form[action='/language/'] button", has_text=language).click()


def direction(tab):
    return tab.evaluate("getComputedStyle(document.documentElement).direction")


ORDER = """text => {
  const found = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (found.nextNode() && !found.currentNode.data.includes(text)) {}
  const range = document.createRange(), first = found.currentNode.data.indexOf(text);
  const left = at => { range.setStart(found.currentNode, at); range.setEnd(found.currentNode, at + 1);
                       return range.getBoundingClientRect().left; };
  return [...text].map((letter, at) => [left(first + at), letter]).sort((one, two) => one[0] - two[0])
    .map(([, letter]) => letter).join("");
}"""


def as_seen(tab, text):
    """The letters of ``text`` from left to right, as the browser places them."""
    return tab.evaluate(ORDER, text)


def test_from_right_to_left_no_text_turns_an_amount_or_a_range_round(desk, off):  # noqa: F811
    choose(desk, "العربيّة")
    desk.wait_for_function("document.documentElement.lang === 'ar'")
    assert as_seen(desk, "US$") == "US$"
    assert as_seen(desk, "31–60") == "31–60"


def test_the_language_is_changed_in_the_menu_of_the_account_and_stays(desk, off):  # noqa: F811
    choose(desk, "বাংলা")
    desk.get_by_role("heading", name="মনোযোগ দরকার").wait_for()
    desk.locator("#nav-sidebar a[href='/admin/billing/customer/']").click()
    desk.get_by_role("heading", name="গ্রাহক").first.wait_for()
    assert direction(desk) == "ltr"
    choose(desk, "العربيّة")
    desk.wait_for_function("document.documentElement.lang === 'ar'")
    assert direction(desk) == "rtl"
    choose(desk, "English")
    desk.wait_for_function("document.documentElement.lang === 'en'")
