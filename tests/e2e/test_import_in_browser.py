"""An import with errors in a real browser: the file, its columns, the preview, the bad rows, the suspense list."""

import csv
from decimal import Decimal

import pytest

from billing.models import ImportedFile, Payment, UnmatchedPayment
from tests.builders import make_customer
from tests.e2e.pictures import picture
from tests.e2e.test_browser import desk, page  # noqa: F401  # fixtures
from tests.importing import worked
from tests.jobs.notes import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STATEMENT = """Receipt No,Amount,Customer,Balance
R1,10.00,C-17,100
R2,20.00,nobody we know,120
R3,ten,C-17,130
R4,"1,250.00",C-18,1380
"""


@pytest.fixture
def customers():
    return [make_customer(code="C-17", name="Ann Lee"), make_customer(code="C-18", name="Bob Ray")]


@pytest.fixture
def statement(tmp_path):
    file = tmp_path / "may.csv"
    file.write_text(STATEMENT, encoding="utf-8")
    return file


def bring_in(tab, file):
    tab.locator("#nav-sidebar a[href='/admin/imports/']").click()
    tab.get_by_label("What it has").select_option("payments")
    tab.locator("[name=file]").set_input_files(file)
    tab.get_by_role("button", name="Bring it in").dblclick()
    tab.get_by_text("Say in which column each field stands").wait_for()


def check(tab):
    """The rows are checked by the job, and the page follows by itself."""
    tab.get_by_label("Whose statement").fill("mpesa")
    tab.get_by_role("button", name="Check the rows").click()
    tab.get_by_role("status").get_by_text("0 of 4 rows").wait_for()
    worked(ImportedFile.objects.latest("pk"))
    tab.get_by_role("button", name="Import", exact=True).wait_for()


def import_what_is_ordered():
    """As the job does, once the click has come to the server."""
    until(lambda: ImportedFile.objects.get().status == ImportedFile.Status.IMPORTING)
    worked(ImportedFile.objects.get())


def test_a_statement_with_errors_pays_what_it_can_and_gives_the_rest_back(desk, customers, statement):  # noqa: F811
    bring_in(desk, statement)
    check(desk)
    picture(desk, "import-preview")
    desk.get_by_text("“ten” is not an amount").wait_for()
    assert not Payment.objects.exists()
    desk.get_by_role("button", name="Import", exact=True).dblclick()
    import_what_is_ordered()
    desk.get_by_text("imported", exact=True).wait_for()
    assert sorted(Payment.objects.values_list("customer__code", "amount")) == [
        ("C-17", Decimal(10)),
        ("C-18", Decimal(1250)),
    ]
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download the rows with errors").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["Receipt No"], row["Amount"]) for row in rows] == [("R3", "ten")]
    assert "“ten” is not an amount" in rows[0]["What is wrong"]
    assert UnmatchedPayment.objects.get().amount == Decimal(20)


def test_the_same_statement_again_changes_nothing(desk, customers, statement):  # noqa: F811
    bring_in(desk, statement)
    check(desk)
    desk.get_by_role("button", name="Import", exact=True).click()
    import_what_is_ordered()
    before = list(Payment.objects.order_by("pk").values_list("pk", "amount"))
    bring_in(desk, statement)
    check_again(desk)
    assert list(Payment.objects.order_by("pk").values_list("pk", "amount")) == before
    assert UnmatchedPayment.objects.count() == 1


def check_again(tab):
    """Nothing of it is new, so there is nothing to import."""
    tab.get_by_label("Whose statement").fill("mpesa")
    tab.get_by_role("button", name="Check the rows").click()
    tab.get_by_role("status").get_by_text("0 of 4 rows").wait_for()
    worked(ImportedFile.objects.latest("pk"))
    tab.get_by_role("link", name="Download the rows with errors").wait_for()
    assert not tab.get_by_role("button", name="Import", exact=True).is_visible()
