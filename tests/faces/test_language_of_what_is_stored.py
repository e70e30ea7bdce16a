"""What is stored is in the language of the installation, in whatever language the pages are that staff read.

Each test acts as somebody who reads Bengali, in an installation in English: pages answer in Bengali, and no row of
any table has a letter of it (docs/decisions/0036).
"""

import csv
import io
import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing.models import (
    Area,
    AuditEntry,
    BillingState,
    CashShift,
    CreditNote,
    Customer,
    ImportedFile,
    PrintOrder,
    Subscription,
)
from billing.services import two_step
from tests.builders import make_plan
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, shown
from tests.faces.test_every_action import ACTIONS, filled, online, service
from tests.faces.test_exports import address
from tests.faces.test_imports import upload
from tests.faces.test_print_bills import send
from tests.faces.test_two_step import code_of
from tests.importing import NOW, checked
from tests.services.network.situations import make_router

BENGALI = re.compile(r"[\u0980-\u09ff]")
ids = [f"{action}-{getattr(make, '__name__', '')}" for make, action, *_ in ACTIONS]


@pytest.fixture
def reader(admin_client):
    """A superuser who reads Bengali."""
    admin_client.cookies["django_language"] = "bn"
    return admin_client


@pytest.fixture(autouse=True)
def _nothing_in_bengali(db):
    yield
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model is not Session:
                cursor.execute(f"SELECT row::text FROM {model._meta.db_table} row WHERE row::text ~ '[\u0980-\u09ff]'")
                assert cursor.fetchall() == [], model


def is_bengali(text):
    return bool(BENGALI.search(text))


def said():
    """What the audit says of the latest action."""
    return AuditEntry.objects.filter(kind="action").latest("pk").said


@pytest.mark.parametrize(("make", "action", "permission", "values"), ACTIONS, ids=ids)
def test_an_action_answers_in_bengali_and_is_stored_in_english(reader, make, action, permission, values):
    row, values = make(), filled(values)
    assert is_bengali(text_of(reader.get(url(row, action))))
    answer = act(reader, row, action, **values)
    assert is_bengali(shown_messages(answer)), shown_messages(answer)
    assert said()


def test_what_an_action_was_given_is_stored_in_english(reader):
    row = service()
    act(reader, row, "change_plan", plan=make_plan(price=Decimal(30)).pk)
    entry = AuditEntry.objects.filter(kind="action").latest("pk")
    assert entry.after["entered"]["When"] == "today: credit for the unused days, a bill for the new plan"
    assert entry.said.startswith("Change plan: ")
    assert CreditNote.objects.get().reason.startswith("Change of plan to ")


def test_a_payment_is_told_with_links_on_the_page_and_without_in_the_audit(reader):
    customer = service().customer
    answer = shown_messages(act(reader, customer, "receive_payment", amount="20"))
    assert is_bengali(answer) and "<a " in answer
    assert said() == "Receive payment: Receipt R000001: $20.00 received. Paid: bill B000001 in full."


def test_the_actions_on_access_and_of_chosen_rows(reader):
    row = service()
    for action in ("disable", "restore"):
        assert is_bengali(shown_messages(act(reader, row, action)))
    answer = reader.post(url(row, "issue_bill"), shown(reader, row, "issue_bill"), follow=True)
    assert is_bengali(shown_messages(answer))
    assert said().startswith("Issue bill: Bill B000002 is issued: $20.00")
    chosen = {"action": "disable_selected", "_selected_action": [row.pk]}
    assert is_bengali(shown_messages(reader.post(list_url(Subscription), chosen, follow=True)))
    assert said() == "Disable (manual)"
    BillingState.objects.update(review="Look", review_since=NOW)
    chosen = {"action": "try_again", "_selected_action": [row.pk]}
    assert is_bengali(shown_messages(reader.post(list_url(BillingState), chosen, follow=True)))


def test_a_day_at_the_drawer(reader):
    reader.post(reverse("my_shift"), {"opening_float": "50"})
    assert said() == "Open the shift: Your shift is open, with $50.00 in the drawer."
    shift = CashShift.objects.get()
    for action in ("pay_in", "pay_out", "deposit"):
        assert is_bengali(shown_messages(act(reader, shift, action, amount="5", reason="Change")))
    assert is_bengali(shown_messages(act(reader, shift, "close", counted="40", reason="Wrong change")))
    entered = AuditEntry.objects.filter(kind="action").latest("pk").after["entered"]
    assert entered == {"Cash counted": "$40.00", "Reason of a difference": "Wrong change"}
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    boss.cookies["django_language"] = "bn"
    assert is_bengali(shown_messages(act(boss, shift, "sign")))
    assert AuditEntry.objects.filter(object_name=f"shift {shift.pk}").count() == 6


def test_the_network_and_its_secrets(reader):
    row, router = online(), make_router(kind="dry-run")
    where = {"radius": "198.51.100.1", "portal": "198.51.100.2"}
    deeds = [(router, "show_secrets", {}), (router, "new_secret", {}), (router, "router_script", where)]
    for one, action, values in [*deeds, (row, "new_password", {}), (row, "show_password", {})]:
        assert is_bengali(text_of(reader.post(url(one, action), values)))
    assert said() == "Show password: seen in clear."
    assert is_bengali(shown_messages(reader.post(url(router, "test_connection"), follow=True)))
    assert said() == f"Test connection: {router} answers."


def test_orders_requests_and_downloads(reader):
    service()
    send(reader, reader.get("/admin/print-bills/"))
    assert PrintOrder.objects.get().what.startswith("Bills of ")
    asked = {"request_key": str(uuid4())}
    answer = reader.post(reverse("ask_scheduler", args=["generate_bills", "pause"]), asked, follow=True)
    assert is_bengali(shown_messages(answer))
    assert said() == LogEntry.objects.latest("pk").change_message == "Asked the scheduler: Pause, generate_bills."
    head = csv.reader(io.StringIO(b"".join(reader.get(address(Customer)).streaming_content).decode()))
    assert is_bengali(" ".join(next(head)))
    assert said().startswith("Downloaded as customer-")


def test_an_imported_file(reader):
    content = "Name,,Password\nAnn,x,hunter2\n"
    key = reader.get("/admin/imports/").context["form"]["request_key"].value()
    upload(reader, key, content, "customers")
    file = ImportedFile.objects.get()
    assert (file.head, file.left_out) == (["Name", "Column 2"], ["the column Password, which is not kept"])
    checked(file)
    for name in ("begin_import", "cancel_import"):
        reader.post(reverse(name, args=[file.pk]))
    assert said() == "Cancelled."


def test_the_forms_and_the_own_account(reader, admin_user):
    reader.post(reverse("admin:billing_area_add"), {"name": "North"})
    reader.post(url(Area.objects.get()), {"name": "South"})
    reader.post(reverse("own_sessions"))
    assert said() == "Ended the sessions elsewhere."
    chosen = {"action": "turn_two_step_off", "_selected_action": [admin_user.pk]}
    two_step.device_to_set_up(admin_user)
    reader.post(reverse("two_step_set_up"), {"code": code_of(admin_user)})
    assert is_bengali(text_of(reader.get(reverse("two_step_set_up"))))
    reader.post(list_url(User), chosen)
    assert LogEntry.objects.filter(change_message="Turned two-step sign-in off.").exists()
