"""The page of the audit, and that every action of staff is in it with who, from where, before and after."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Area, AuditEntry, Customer
from billing.services import audit
from tests.builders import make_customer, make_overdue_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, shown
from tests.faces.test_every_action import service
from utils import origin


@pytest.fixture
def boss():
    """A superuser at a known address."""
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.force_login(User.objects.create_superuser("boss"))
    return client


def test_a_deed_is_told_with_how_the_customer_stood_before_and_after(boss):
    customer = make_overdue_subscription(login="ann-home").customer
    act(boss, customer, "receive_payment", amount="20")
    entry = AuditEntry.objects.get(kind="action")
    assert (entry.before["owes"], entry.after["owes"], entry.after["entered"]["Amount"]) == ("20.000", "0", "$20.00")
    act(boss, customer, "give_credit", amount="5", reason="Outage")
    entry = AuditEntry.objects.filter(kind="action").first()
    assert (entry.before["credit"], entry.after["credit"]) == ("0", "5.000")
    assert entry.after["access"] == {"ann-home": "on"}


def test_a_deed_is_told_in_the_language_of_the_installation_and_its_page_in_that_of_the_reader(boss, settings):
    settings.LANGUAGE_CODE = "bn"
    boss.cookies["django_language"] = "en"
    answer = act(boss, make_customer(), "add_item", description="Router", amount="30")
    assert "waits for the next bill" in shown_messages(answer)
    entry = AuditEntry.objects.get(kind="action")
    assert entry.said.startswith("এককালীন আইটেম")
    assert entry.after["entered"]["বিবরণ"] == "Router"


def test_what_is_done_to_chosen_rows_is_told_row_by_row(boss):
    rows = [service(), service()]
    data = {"action": "disable_selected", "_selected_action": [row.pk for row in rows]}
    boss.post(list_url(type(rows[0])), data)
    told = AuditEntry.objects.filter(kind="action")
    assert {entry.object_id for entry in told} == {str(row.pk) for row in rows}
    assert {entry.said for entry in told} == {"Disable (manual)"}


@pytest.mark.parametrize("action", ["disable", "restore", "issue_bill"])
def test_the_actions_without_a_preview_are_told_too(boss, disabled, action):
    row = service() if action != "restore" else disabled
    if action == "restore":
        act(boss, row, "disable")
    answer = boss.post(url(row, action), shown(boss, row, action))
    assert answer.status_code == 302
    assert AuditEntry.objects.filter(kind="action").first().place == url(row, action)


def test_a_change_on_a_form_is_told_with_who_and_from_where(boss):
    area = Area.objects.create(name="North")
    boss.post(url(area), {"name": "Upper North"})
    entry = AuditEntry.objects.get(kind="changed", object_type="billing.area")
    assert (entry.before, entry.after) == ({"name": "North"}, {"name": "Upper North"})
    assert (entry.actor.username, entry.address, entry.place) == ("boss", "192.0.2.7", url(area))
    Area.objects.create(name="South")
    assert AuditEntry.objects.filter(object_type="billing.area").first().door == "database"


def test_the_page_shows_what_was_before_and_what_is_after(staff):
    north, south = Area.objects.create(name="North"), Area.objects.create(name="South")
    customer = make_customer(name="Ann", area=north)
    Customer.objects.filter(pk=customer.pk).update(area=south)
    auditor = staff("view_auditentry", "view_area")
    listed = text_of(auditor.get(list_url(AuditEntry)))
    assert f"area: {north.pk} → {south.pk}" in listed
    page = text_of(auditor.get(url(AuditEntry.objects.get(kind="changed", object_type="billing.customer"))))
    assert f"North ({north.pk})" in page and f"South ({south.pk})" in page and "Ann" in page


def found(client, query):
    return [entry.object_name for entry in client.get(list_url(AuditEntry, query)).context["cl"].result_list]


def test_it_is_searched_by_object_person_day_address_and_kind(staff):
    auditor, ann = staff("view_auditentry"), User.objects.create_user("ann", is_staff=True)
    with origin.acting(origin.PAGE, "/x/", actor=ann.pk, address="192.0.2.9"):
        audit.note(make_customer(name="Bea", code="C77"), "Looked")
    day = timezone.localdate()
    assert found(auditor, "?q=c77") == ["C77 Bea", "C77 Bea"]
    assert found(auditor, "?q=c77&kind__exact=action") == ["C77 Bea"]
    assert found(auditor, "?q=ann")[:2] == ["C77 Bea", "C77 Bea"]
    assert found(auditor, f"?actor={ann.pk}") == ["C77 Bea", "C77 Bea"]
    assert found(auditor, "?q=192.0.2.9") == ["C77 Bea", "C77 Bea"]
    assert found(auditor, f"?q={day}+c77&object_type=billing.customer") == ["C77 Bea", "C77 Bea"]
    assert found(auditor, "?q=2001-01-01") == []


def test_the_history_of_a_row_is_what_the_audit_knows_of_it(staff):
    customer = make_customer(name="Ann")
    auditor = staff("view_auditentry", "view_customer")
    answer = auditor.get(url(customer, "history"), follow=True)
    assert [entry.object_id for entry in answer.context["cl"].result_list] == [str(customer.pk)]
    assert staff("view_customer").get(url(customer, "history")).status_code == 200


def test_every_list_asks_the_same_number_of_queries_however_long_it_is(staff, django_assert_max_num_queries):
    auditor = staff("view_auditentry")
    for number in range(30):
        make_customer(name=f"Customer {number}")
    with django_assert_max_num_queries(12):
        auditor.get(list_url(AuditEntry))


def test_nothing_of_it_can_be_changed_on_a_page(boss):
    make_customer()
    entry = AuditEntry.objects.first()
    for action in ("change", "delete"):
        assert boss.post(url(entry, action), {"said": "x", "post": "yes"}).status_code == 403
    assert boss.get(reverse("admin:billing_auditentry_add")).status_code == 403
