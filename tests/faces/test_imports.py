"""The page “Import”: a file comes in, its columns are chosen, its rows shown, and then done."""

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Area, AuditEntry, Customer, ImportedFile, Payment, StaffArea
from billing.services.imports import files, passwords
from billing.services.network import accounts
from tests.builders import make_customer, make_plan
from tests.faces.conftest import shown_messages, text_of
from tests.faces.desk import errors_of, facts
from tests.importing import brought, checked, preview, worked
from utils.models import JobRequest

PAGE = "/admin/imports/"
STATEMENT = "Receipt No,Amount,Customer,Balance\nR1,10.00,C-17,1\nR2,20.00,?,2\nR3,ten,C-17,3\n"


def send(client, content=STATEMENT, kind="payments", name="may.csv"):
    key = client.get(PAGE).context["form"]["request_key"].value()
    return upload(client, key, content, kind, name)


def upload(client, key, content=STATEMENT, kind="payments", name="may.csv"):
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(PAGE, {"kind": kind, "file": file, "request_key": key}, follow=True)


def choose(client, response, **changes):
    """Send the form of the columns as it is shown, with ``changes``."""
    form = response.context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    address = reverse("import_file", args=[form.file.pk])
    return client.post(address, {**values, "source": "mpesa", **changes}, follow=True)


@pytest.fixture
def ann():
    return make_customer(code="C-17", name="Ann")


def test_a_statement_is_brought_in_checked_shown_and_imported(admin_client, ann):
    response = send(admin_client)
    form = response.context["form"]
    assert [form[f"column_{name}"].value() for name in ("amount", "reference", "code", "phone")] == ["1", "0", "2", ""]
    assert "The first rows" in text_of(response)
    response = choose(admin_client, response)
    assert "No scheduler leads at the moment" in shown_messages(response)
    assert "0 of 3 rows" in text_of(response)
    assert JobRequest.objects.get().job_id == "import_files"
    file = worked(ImportedFile.objects.get())
    address = reverse("import_file", args=[file.pk])
    response = admin_client.get(address)
    shown = facts(response)
    assert {
        name: shown[name] for name in ("State", "New", "To the suspense list", "Cannot be imported", "Left out")
    } == {
        "State": "waits for your word",
        "New": "1 – $10.00",
        "To the suspense list": "1 – $20.00",
        "Cannot be imported": "1",
        "Left out": "columns Balance",
    }
    assert "“ten” is not an amount" in text_of(response)
    assert not Payment.objects.exists()
    response = admin_client.post(reverse("begin_import", args=[file.pk]), follow=True)
    assert f'data-refresh="{address}?progress=1"' in text_of(response)
    worked(file)
    response = admin_client.get(address, {"progress": "1"})
    assert "data-refresh" not in text_of(response)
    assert facts(response)["State"] == "imported"
    assert Payment.objects.get().customer == ann


def test_the_rows_with_errors_are_downloaded_as_they_came(admin_client, ann):
    file = preview("payments", STATEMENT.replace("ten", "=1+1"))
    answer = admin_client.get(reverse("import_errors", args=[file.pk]))
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    text = b"".join(answer.streaming_content).decode()
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert head == ["Receipt No", "Amount", "Customer", "Balance", "Row", "What is wrong"]
    assert row[:5] == ["R3", "'=1+1", "C-17", "3", "3"]
    assert "Write it like" in row[5]


def test_a_form_that_is_sent_twice_brings_one_file(admin_client):
    key = admin_client.get(PAGE).context["form"]["request_key"].value()
    for _ in range(2):
        upload(admin_client, key)
    assert ImportedFile.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "empty"), (b"a,b\n", "no rows below"), (b"x" * (2 << 20), "larger than 1 MB")]
)
def test_a_file_that_cannot_be_used_is_told(admin_client, settings, content, says):
    settings.IMPORT_MAX_MB = 1
    assert says in errors_of(send(admin_client, content))


def test_needed_columns_must_be_chosen(admin_client):
    response = send(admin_client)
    assert "This field is required" in errors_of(choose(admin_client, response, column_amount=""))
    assert ImportedFile.objects.get().status == "uploaded"


def test_other_columns_can_be_chosen_after_the_check(admin_client, ann):
    file = preview("payments", "Receipt No,Amount,Customer,Fee\nR1,10.00,C-17,1.00\n")
    response = admin_client.get(reverse("import_file", args=[file.pk]), {"columns": "1"})
    choose(admin_client, response, column_amount="3")
    assert worked(file).rows.get().amount == 1


def test_an_import_can_be_cancelled_and_is_not_begun_twice(admin_client, ann):
    file = preview("payments", STATEMENT)
    assert admin_client.get(reverse("cancel_import", args=[file.pk])).status_code == 405
    admin_client.post(reverse("cancel_import", args=[file.pk]))
    file.refresh_from_db()
    assert file.status == "cancelled"
    response = admin_client.post(reverse("begin_import", args=[file.pk]), follow=True)
    assert "gone on meanwhile" in shown_messages(response)
    assert not Payment.objects.exists()


def test_a_dump_with_tables_of_several_kinds_is_as_many_imports(admin_client):
    dump = (
        "INSERT INTO `tbl_plans` (`name_plan`,`price`,`validity`,`validity_unit`) VALUES ('Home','20',1,'Months');\n"
        "INSERT INTO `tbl_customers` (`username`,`fullname`) VALUES ('ann','Ann');\n"
    )
    response = send(admin_client, dump, "customers", "nux.sql")
    assert "2 tables to import" in shown_messages(response)
    assert list(ImportedFile.objects.order_by("pk").values_list("kind", flat=True)) == ["plans", "customers"]


def test_each_kind_needs_its_permission(staff, ann):
    payments, master = preview("payments", STATEMENT), preview("customers", "Name\nAnn\n")
    cashier, clerk, manager = staff("add_payment"), staff("import_payments"), staff("import_customers")
    assert cashier.get(PAGE).status_code == cashier.post(PAGE).status_code == 403
    assert PAGE not in text_of(cashier.get("/admin/"))
    assert PAGE in text_of(clerk.get("/admin/"))
    for client, own, other in ((clerk, payments, master), (manager, master, payments)):
        shown = text_of(client.get(PAGE))
        assert str(own) in shown and str(other) not in shown
        assert client.get(reverse("import_file", args=[own.pk])).status_code == 200
        for name in ("import_file", "import_errors"):
            assert client.get(reverse(name, args=[other.pk])).status_code == 404
        for name in ("begin_import", "cancel_import"):
            assert client.post(reverse(name, args=[other.pk])).status_code == 404
            assert cashier.post(reverse(name, args=[own.pk])).status_code == 403
    assert "Select a valid choice" in errors_of(send(clerk, "Name\nAnn\n", "customers"))
    assert send(clerk, "username,fullname,phonenumber,email,address,id,balance,status\na,a,,,,,,\n").status_code == 403
    assert not Customer.objects.filter(name="a").exists()


def test_the_pages_ask_no_more_queries_for_more_rows_and_files(admin_client, ann):
    def queries(address):
        with CaptureQueriesContext(connection) as asked:
            admin_client.get(address)
        return len(asked)

    few = preview("payments", STATEMENT)
    many = preview("payments", STATEMENT + "".join(f"S{number},10.00,C-17,1\n" for number in range(30)))
    queries(PAGE)
    assert queries(reverse("import_file", args=[few.pk])) == queries(reverse("import_file", args=[many.pk]))
    before = queries(PAGE)
    for _ in range(3):
        preview("payments", STATEMENT)
    assert queries(PAGE) == before


def test_who_began_an_import_is_in_the_audit(admin_client, ann):
    file = preview("payments", STATEMENT)
    admin_client.post(reverse("begin_import", args=[file.pk]))
    told = AuditEntry.objects.get(kind="action")
    assert (told.object_type, told.object_id, told.said) == ("billing.importedfile", str(file.pk), "Begun to import.")


def test_who_sees_some_areas_only_brings_nothing_in(admin_client, ann):
    file = preview("payments", STATEMENT)
    StaffArea.objects.create(user=User.objects.get(username="admin"), area=Area.objects.create(name="North"))
    assert str(file) not in text_of(admin_client.get(PAGE))
    assert admin_client.get(reverse("import_file", args=[file.pk])).status_code == 404
    assert "customers of all areas" in errors_of(send(admin_client))


SUBSCRIPTIONS = "Login,Customer code,Plan,Password,IP,Word\nann-home,C-17,home-10,hunter2,198.51.100.7,open\n"


@pytest.fixture
def home():
    return make_plan(code="home-10")


def test_passwords_of_subscriptions_are_masked_on_every_page(admin_client, ann, home):
    response = send(admin_client, SUBSCRIPTIONS + "bob,C-18,home-10,hunter2,,\n", "subscriptions")
    form = response.context["form"]
    assert (form["column_password"].value(), form["column_fixed_address"].value()) == ("3", "4")
    assert form.fields["column_password"].choices == [("", "–"), ("3", "Password")]
    assert ("3", "Password") not in form.fields["column_status"].choices
    pages = text_of(response) + text_of(choose(admin_client, response, balance="owed"))
    file = worked(ImportedFile.objects.get())
    shown = text_of(admin_client.get(reverse("import_file", args=[file.pk])))
    assert "network password; fixed address 198.51.100.7" in shown
    errors = admin_client.get(reverse("import_errors", args=[file.pk]))
    pages += shown + b"".join(errors.streaming_content).decode()
    admin_client.post(reverse("begin_import", args=[file.pk]))
    worked(file)
    pages += text_of(admin_client.get(reverse("import_file", args=[file.pk])))
    assert pages.count(passwords.MASK) >= 4
    assert "hunter2" not in pages + str(list(AuditEntry.objects.values()))
    assert accounts.password_of(ann.subscriptions.get()) == "hunter2"


def test_passwords_and_addresses_need_the_permission_to_give_them(staff, ann, home):
    clerk = staff("import_customers")
    response = send(clerk, SUBSCRIPTIONS, "subscriptions")
    assert errors_of(choose(clerk, response, balance="owed")).count("may only be brought in by who may give them") == 2
    assert ImportedFile.objects.get().status == "uploaded"
    choose(clerk, response, balance="owed", column_password="", column_fixed_address="")
    assert worked(ImportedFile.objects.get()).status == "checked"
    technician = staff("import_customers", "set_credentials")
    choose(technician, send(technician, SUBSCRIPTIONS, "subscriptions"), balance="owed")
    file = worked(ImportedFile.objects.earliest("-pk"))
    answer = clerk.post(reverse("begin_import", args=[file.pk]), follow=True)
    assert "may only be brought in by who may give them" in shown_messages(answer)
    technician.post(reverse("begin_import", args=[file.pk]))
    assert worked(file).status == "done"


def test_the_pages_of_an_import_with_passwords_ask_no_more_queries_for_more_rows(admin_client, ann, home):
    def asked_for(text):
        with CaptureQueriesContext(connection) as asked:
            file = checked(brought("subscriptions", text)[0])
        assert set(file.rows.values_list("outcome", flat=True)) == {"new"}
        return len(asked)

    more = [f"ann-{number},C-17,home-10,hunter2,198.51.100.{number}," for number in range(1, 40)]
    head = SUBSCRIPTIONS.splitlines()[0]
    asked_for("\n".join([head, *more[:2]]))
    assert asked_for("\n".join([head, *more])) == asked_for("\n".join([head, *more[:2]]))


def test_no_page_of_an_import_writes_by_being_looked_at(admin_client, ann):
    file = preview("payments", STATEMENT)
    files.begin_import(file, by=None, now=file.uploaded_at)
    file.refresh_from_db()
    for query in ({}, {"progress": "1"}, {"columns": "1"}):
        admin_client.get(reverse("import_file", args=[file.pk]), query)
    assert ImportedFile.objects.get() == file
    assert not Payment.objects.exists()
