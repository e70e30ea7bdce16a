"""The audit that PostgreSQL keeps: of every table of master data, whoever changes it, and never edited."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction

from billing.models import AuditEntry, Customer
from billing.services import audit, two_step
from tests.builders import make_customer, make_plan, make_subscription
from utils import origin
from utils.commandline import run

pytestmark = pytest.mark.django_db

# Facts that name who wrote them themselves, what runs of jobs write, and what only follows from other rows.
NOT_MASTER_DATA = {
    "billing.accessevent", "billing.accessstate", "billing.account", "billing.allocation", "billing.auditentry",
    "billing.cashmovement", "billing.cashshift",
    "billing.bill", "billing.billingstate", "billing.billline", "billing.billtax", "billing.block",
    "billing.creditnote", "billing.creditnoteline", "billing.creditnotetax", "billing.customernote",
    "billing.followedpolicy", "billing.item",
    "billing.ledgerentry", "billing.payment", "billing.pricebefore", "billing.printorder", "billing.printpart",
    "billing.collectedday", "billing.figurescount", "billing.incomeday", "billing.openday", "billing.runningmonth",
    "billing.taxday", "billing.importedfile", "billing.importedrow", "billing.unmatchedpayment",
    "billing.recoverycode", "billing.reminder", "billing.reversal", "billing.staffsession", "billing.sweepfinding",
    "billing.sweeprun", "billing.unbilleddays", "auth.permission",
    "billing.datause", "billing.loginattempt", "billing.networkfinding", "billing.networkintent",
    "billing.networkpolicy", "billing.onlinesession", "billing.routerstate", "billing.sessionrecord",
    "billing.usageday",
}  # fmt: skip


def newest(**wanted):
    return AuditEntry.objects.filter(**wanted).latest("id")


def audited_tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'audited%%'")
        return {row[0] for row in cursor.fetchall()}


def test_every_table_of_master_data_is_audited():
    models = [
        model
        for app in ("billing", "auth")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.label_lower not in NOT_MASTER_DATA
    ]
    assert {model._meta.db_table for model in models} - audited_tables() == set()


def test_what_is_added_changed_and_removed_is_told_with_before_and_after():
    plan = make_plan(name="Home", price="20.00")
    added = newest(object_type="billing.plan")
    assert (added.kind, added.object_id, added.object_name) == ("added", str(plan.pk), f"{plan.code} Home")
    assert (added.before, added.after["price"]) == (None, 20.0)
    plan.__class__.objects.filter(pk=plan.pk).update(price=25, grace_days=3)
    changed = newest(object_type="billing.plan")
    assert (changed.before, changed.after) == ({"price": 20.0, "grace_days": None}, {"price": 25.0, "grace_days": 3})
    plan.delete()
    removed = newest(object_type="billing.plan")
    assert (removed.kind, removed.before["name"], removed.after) == ("removed", "Home", None)


def test_what_is_written_as_it_was_is_no_change():
    customer = make_customer()
    count = AuditEntry.objects.count()
    customer.save()
    assert AuditEntry.objects.count() == count


def test_no_secret_gets_into_it():
    user = User.objects.create_user("ann", password="first-secret-of-ann")
    user.set_password("second-secret-of-ann")
    user.save()
    changed = newest(object_type="auth.user")
    assert changed.before == changed.after == {"password": "(hidden)"}
    device = two_step.device_to_set_up(user)
    device.confirmed = True
    device.save()
    assert device.key and newest(object_type="otp_totp.totpdevice").after["confirmed"] is True
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(entry::text, ' ') FROM billing_auditentry entry")
        told = cursor.fetchone()[0]
    assert device.key not in told and "argon2" not in told and "pbkdf2" not in told and "md5$" not in told


def test_a_sign_in_is_no_change_of_the_user():
    user = User.objects.create_user("ann")
    count = AuditEntry.objects.count()
    user.last_login = "2026-05-05T00:00Z"
    user.save(update_fields=["last_login"])
    assert AuditEntry.objects.count() == count


def test_who_gets_and_loses_a_role_is_a_change_of_the_user():
    user = User.objects.create_user("ann")
    user.groups.set(Group.objects.filter(name__in=["cashier", "support"]))
    got = newest(object_type="auth.user", object_id=user.pk)
    assert (got.object_name, got.before, got.after) == ("ann", None, {"groups": ["cashier", "support"]})
    user.groups.remove(Group.objects.get(name="support"))
    lost = newest(object_type="auth.user", object_id=user.pk)
    assert (lost.before, lost.after) == ({"groups": ["support"]}, None)


def test_a_permission_of_a_group_is_a_change_of_the_group():
    group = Group.objects.get(name="cashier")
    group.permissions.remove(group.permissions.get(codename="add_payment"))
    assert newest(object_type="auth.group").before == {"permissions": ["add_payment"]}


def test_who_and_from_where_come_from_the_page_the_job_or_the_command():
    user = User.objects.create_user("ann")
    with origin.acting(origin.PAGE, "/admin/x/\x00", actor=user.pk, address="192.0.2.7"):
        make_customer()
        with origin.acting(origin.JOB, "generate_bills"):
            make_plan()
        subscription = make_subscription()
    page, job = newest(object_type="billing.customer"), AuditEntry.objects.filter(object_type="billing.plan").first()
    assert (page.actor, page.door, page.place, page.address) == (user, "page", "/admin/x/", "192.0.2.7")
    of_job = AuditEntry.objects.get(door="job")
    assert (of_job.actor, of_job.place, of_job.object_type) == (None, "generate_bills", "billing.plan")
    assert job.door == "page" and newest(object_id=subscription.pk, object_type="billing.subscription").door == "page"
    make_customer()
    assert newest(object_type="billing.customer").door == "database"


@pytest.mark.django_db(transaction=True)
def test_a_command_is_told(capsys):
    user = User.objects.create_user("ann")
    two_step.device_to_set_up(user)
    two_step.device_of(user)
    user.totpdevice_set.update(confirmed=True)
    assert run(["manage.py", "two_step_off", "ann"]) == 0
    removed = newest(object_type="otp_totp.totpdevice")
    assert (removed.kind, removed.door, removed.place) == ("removed", "command", "two_step_off")


def test_what_comes_past_the_application_names_the_user_of_the_database():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO billing_area (name) VALUES ('North')")
        cursor.execute("SELECT session_user")
        user = cursor.fetchone()[0]
    entry = newest(object_type="billing.area")
    assert entry.door == "database" and entry.place.startswith(user)


def test_an_action_is_noted_with_how_things_stood():
    customer = make_customer(name="Ann")
    audit.note(customer, "Took money", before={"owes": 5}, after={"owes": 0})
    entry = newest()
    assert (entry.kind, entry.said, entry.before, entry.after) == ("action", "Took money", {"owes": 5}, {"owes": 0})
    assert (entry.object_type, entry.object_id) == ("billing.customer", str(customer.pk))
    assert entry.object_name == str(customer)


def test_what_is_taken_back_leaves_nothing():
    count = AuditEntry.objects.count()
    with transaction.atomic():
        make_customer_in_this_transaction()
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == count


def make_customer_in_this_transaction():
    Customer.objects.create(code="C9", name="Ann", created_at="2026-01-01T00:00Z")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE billing_auditentry SET said = 'x'", "DELETE FROM billing_auditentry", "TRUNCATE billing_auditentry"],
)
def test_nobody_edits_it(statement):
    make_customer()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # none waits for the end of this test
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_million_unaudited_rows_are_none_of_money():
    """Money has its own events: nothing of what runs write by the million has a trigger of the audit."""
    assert not audited_tables() & {name.replace(".", "_") for name in NOT_MASTER_DATA}
