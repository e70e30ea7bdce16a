import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from billing.models import (
    Area,
    Bill,
    BillingState,
    Block,
    CreditNote,
    Customer,
    Exclusion,
    Holiday,
    LoginAttempt,
    NetworkFinding,
    OnlineSession,
    Payment,
    Promise,
    Reminder,
    Router,
    RouterState,
    SessionRecord,
    Subscription,
    TaxRate,
)
from billing.services import (
    access,
    cash,
    credit_notes,
    customer_notes,
    discounts,
    holds,
    items,
    payments,
    reversals,
    sweep,
)
from tests.builders import issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.faces.conftest import list_url, text_of, url
from tests.importing import bring_in
from utils.models import Alarm, AlarmNotice, Instance, JobRequest, JobRun

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
_names = itertools.count(1)


def add_one_of_everything():
    """One more row in every table, with a customer who has two subscriptions, one of them off."""
    name, now = next(_names), timezone.now()
    user = User.objects.create_user(f"cashier-{name}")
    Group.objects.create(name=f"group-{name}")
    customer = make_customer(area=Area.objects.create(name=f"area-{name}"))
    cash.start(staff=user, opening_float=Decimal(0), now=now)
    add_one_agreement_of_each_kind(customer, name, user, now)
    make_subscription(customer=customer, plan=make_plan())
    late = make_overdue_subscription(customer=customer, plan=make_plan(bills_while_unpaid=True))
    sweep.disable_due(now=now, limit=10)
    access.disable(subscription=late, now=now, by=user)
    BillingState.objects.filter(pk=late.pk).update(review="Too many periods are due", review_since=now)
    payment = payments.receive(customer=customer, amount=Decimal(5), method="cash", now=now, by=user)
    reversals.reverse(payment=payment, amount=Decimal(2), reason="Counted anew", now=now, by=user)
    add_what_keeps_from_cutting(late, user, now)
    job = DjangoJob.objects.create(id=f"job-{name}", next_run_time=now, job_state=b"")
    DjangoJobExecution.objects.create(job=job, status=DjangoJobExecution.SUCCESS, run_time=now)
    add_what_the_scheduler_keeps(f"job-{name}", user, now)
    bring_in("payments", f"Receipt No,Amount\n{name},20.00\n")
    add_what_the_network_keeps(late, name, now)


def add_what_the_scheduler_keeps(job_id, user, now):
    """A run, a process, a request, an alarm with its notice, and who signed in and who failed to."""
    JobRun.objects.create(job_id=job_id, slot=now, instance=job_id, started_at=now)
    Instance.objects.create(name=job_id, role="standby", started_at=now, seen_at=now)
    JobRequest.objects.create(job_id=job_id, kind="run", asked_at=now, asked_by=user)
    alarm = Alarm.objects.create(key=job_id, text="Something", began_at=now)
    AlarmNotice.objects.create(alarm=alarm, channel="mail", next_try_at=now)
    AccessAttempt.objects.create(username=job_id, ip_address="192.0.2.1", failures_since_start=1)
    AccessLog.objects.create(username=job_id, ip_address="192.0.2.1")


def add_what_the_network_keeps(subscription, name, now):
    """A router with its state, a session that is open and one that ended, a login and a finding."""
    router = Router.objects.create(name=f"router-{name}", kind="dry-run", address=f"192.0.2.{name}")
    RouterState.objects.create(router=router, last_contact_at=now)
    told = {"subscription": subscription, "login": subscription.login, "router": router}
    told |= {"unique_id": f"u{name}", "session_id": "s", "started_at": now, "updated_at": now}
    OnlineSession.objects.create(**told, framed_address="10.0.0.5")
    SessionRecord.objects.create(**told, stopped_at=now, cause="User-Request")
    LoginAttempt.objects.create(login=f"login-{name}", result="refused", first_at=now, last_at=now)
    NetworkFinding.objects.create(router=router, kind="unknown-login", first_seen_at=now, last_seen_at=now)


def add_one_agreement_of_each_kind(customer, name, user, now):
    """A tax rate, an item, credit, a discount, a hold with its changes, and a trial."""
    rate, today = TaxRate.objects.create(name=f"VAT {name}", percent=20), timezone.localdate()
    items.add(customer=customer, description="Router", amount=Decimal(30), now=now, by=user, tax_rate=rate)
    credit_notes.give(customer=customer, amount=Decimal(1), reason="Outage", now=now, by=user)
    customer_notes.write(customer=customer, text="Rings at noon only", now=now, by=user)
    service = make_subscription(customer=customer, plan=make_plan(trial_days=7, tax_rate=rate), starts_on=today)
    discounts.give(subscription=service, description="Friend", percent=Decimal(10), starts_on=today, now=now, by=user)
    holds.hold(subscription=service, starts_on=today + timedelta(days=3), now=now, by=user)


def add_what_keeps_from_cutting(subscription, user, now):
    """A holiday, and for a bill of this customer a reminder, a promise and an exclusion that are over."""
    over = {"why": "Travels", "created_at": now, "created_by": user, "ended_at": now, "ended_by": user}
    days = {"customer": subscription.customer, "until": timezone.localdate(), "not_before": now}
    Promise.objects.create(**days, **over)
    Exclusion.objects.create(**days, **over)
    Reminder.objects.create(bill=subscription.lines.first().bill, days=3, recorded_at=now)
    Holiday.objects.create(day=timezone.localdate() + timedelta(days=Holiday.objects.count()), name="Feast")


def queries_of(client, address):
    cache.clear()  # so that each page asks for the banner
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def add_to_the_documents(subscription, customer):
    """One more credit note, reversal, item and discount beside those that are there."""
    now, cent = timezone.now(), Decimal("0.01")
    bill = subscription.lines.first().bill
    credit_notes.correct(bill=bill, amounts={bill.lines.first().pk: cent}, reason="Outage", now=now)
    reversals.reverse(payment=Payment.objects.earliest("pk"), amount=cent, reason="Counted anew", now=now)
    reversals.refund(source=CreditNote.objects.earliest("pk"), amount=cent, method="cash", reason="Asked", now=now)
    items.add(customer=customer, description="Cable", amount=cent, now=now)
    starts_on = timezone.localdate()
    discounts.give(subscription=subscription, description="Friend", fixed=cent, starts_on=starts_on, now=now)


@pytest.mark.parametrize("model", [Customer, Subscription, Bill, Payment, CreditNote], ids=lambda model: model.__name__)
def test_a_page_asks_no_more_queries_for_more_history(admin_client, model):
    add_one_of_everything()
    late, customer = Subscription.objects.latest("pk"), Customer.objects.get()
    add_to_the_documents(late, customer)
    row = model.objects.latest("pk")
    few = queries_of(admin_client, url(row))
    for _ in range(1, 4):
        issue_next(late, now=timezone.now())
        make_subscription(customer=customer)
        payments.receive(customer=customer, amount=Decimal(3), method="cash", now=timezone.now())
        access.restore(subscription=late, now=timezone.now())
        access.disable(subscription=late, now=timezone.now())
        add_to_the_documents(late, customer)
    assert queries_of(admin_client, url(row)) <= few


def test_the_first_page_asks_no_more_queries_for_more_rows(admin_client):
    add_one_of_everything()
    few = queries_of(admin_client, "/admin/")
    for _ in range(4):
        add_one_of_everything()
    assert queries_of(admin_client, "/admin/") <= few


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_opens(admin_client, model):
    add_one_of_everything()
    assert admin_client.get(url(model._default_manager.latest("pk"))).status_code == 200


@pytest.mark.parametrize(
    ("model", "texts"),
    [
        (Customer, ["C000002", "c000002", "Zoe", "zoe mar", "555-77", "zoe-home"]),
        (Subscription, ["zoe-home", "zoe-h", "C000002", "Zoe Mart", "555-77"]),
        (Bill, ["B000002", "b000002", "C000002", "zoe", "555-77", "zoe-home"]),
        (Payment, ["R000002", "r000002", "C000002", "zoe", "555-77", "zoe-home"]),
        (Block, ["zoe-home", "C000002", "Zoe"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_list_is_searched_by_what_the_desk_is_told(admin_client, model, texts):
    for name, phone, login in (("Ann Lee", "555-11", "ann-home"), ("Zoe Martin", "555-77", "zoe-home")):
        customer = make_customer(name=name, phone=phone)
        make_overdue_subscription(customer=customer, login=login)
        payments.receive(customer=customer, amount=Decimal(5), method="cash", now=timezone.now())
    sweep.disable_due(now=timezone.now(), limit=10)
    for text in texts:
        response = admin_client.get(list_url(model), {"q": text})
        assert [row.pk for row in response.context["cl"].result_list] == [model.objects.latest("pk").pk], text
    for text in ("nobody", "zoe nobody", "%", "'"):
        assert not admin_client.get(list_url(model), {"q": text}).context["cl"].result_list
    assert "Null characters are not allowed" in text_of(admin_client.get(list_url(model), {"q": "\x00"}))


def rows_of(client, model, query):
    return {str(row) for row in client.get(list_url(model, query)).context["cl"].result_list}


def test_bills_are_filtered_by_their_computed_state(admin_client):
    for _ in range(2):
        late = make_overdue_subscription()
    payments.receive(customer=late.customer, amount=Decimal(5), method="cash", now=timezone.now())
    fresh = make_subscription()
    issue_next(fresh, now=timezone.now())
    payments.receive(customer=fresh.customer, amount=Decimal(20), method="cash", now=timezone.now())
    assert rows_of(admin_client, Bill, "?state=overdue") == {"B000001", "B000002"}
    assert rows_of(admin_client, Bill, "?state=partly+paid") == {"B000002"}
    assert rows_of(admin_client, Bill, "?state=open") == {"B000001", "B000002"}
    assert rows_of(admin_client, Bill, "?state=paid") == {"B000003"}
    assert len(rows_of(admin_client, Bill, "?state=nonsense")) == 3


def test_customers_and_subscriptions_are_filtered_by_debt_and_access(admin_client, disabled):
    held = make_subscription(login="held")
    holds.hold(subscription=held, starts_on=timezone.localdate(), now=timezone.now())
    make_subscription(login="fine")
    assert rows_of(admin_client, Subscription, "?access=unpaid") == {"ann-home"}
    assert rows_of(admin_client, Subscription, "?access=off") == {"ann-home", "held"}
    assert rows_of(admin_client, Subscription, "?access=on") == {"fine"}
    assert rows_of(admin_client, Customer, "?access=hold") == {str(held.customer)}
    assert rows_of(admin_client, Customer, "?access=off") == {str(disabled.customer), str(held.customer)}
    assert rows_of(admin_client, Customer, "?debt=overdue") == {str(disabled.customer)}
    assert rows_of(admin_client, Customer, "?debt=open") == {str(disabled.customer)}


def test_the_list_of_customers_shows_what_they_owe_and_why_they_are_off(admin_client, disabled):
    page = text_of(admin_client.get(list_url(Customer)))
    assert "$20.00" in page
    assert "off: unpaid" in page
    assert "overdue" in page
