"""Every page and action of the admin, asked for by every role, against the table in ``docs/roles.md``."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from billing.admin.report_pages import REPORTS
from billing.models import (
    Bill,
    CashShift,
    CreditNote,
    Customer,
    ImportedFile,
    NetworkFinding,
    Payment,
    Router,
    Subscription,
)
from billing.rules.roles import AUDITOR, ROLES
from tests.faces.conftest import url
from tests.faces.desk import everything_stored
from tests.faces.roles import ADDED, DELETED, somebody, written
from tests.faces.test_every_action import ACTIONS, held_run, online
from tests.services.network.situations import account, asked, make_router

NOBODY = {"nobody"}
ANYBODY = ("index", "password_change", "password_change_done", "jsi18n", "search", "login")
# No page of its own, or what is asked for below and, of one's own orders only, in test_print_bills.
NOT_ASKED_FOR = {
    "logout",
    "app_list",
    "view_on_site",
    "ask_scheduler",
    "print_file",
    "cancel_print",
    "begin_import",
    "cancel_import",
    None,
}
PAGES = {
    "my_shift": "billing.view_cashshift billing.run_cashshift",
    "counter": "billing.view_customer",
    "counter_matches": "billing.view_customer",
    "who_will_be_cut": "billing.view_customer billing.view_subscription",
    "print_bills": "billing.view_bill",
    "imports": "billing.import_payments",
    **{report.name: "billing.view_reports" for report in REPORTS},
    "rules_in_force": "billing.view_holiday",
    "scheduler": "utils.view_jobrun",
}
BUTTONS = (  # beside those of ACTIONS: what they are for, and what they need
    (Customer, "add_subscription", "billing.view_customer billing.add_subscription"),
    (Customer, "statement", "billing.view_customer billing.view_ledgerentry"),
    (Bill, "print_document", "billing.view_bill"),
    (CreditNote, "print_document", "billing.view_creditnote"),
    (Payment, "print_document", "billing.view_payment"),
    (Subscription, "issue_bill", "billing.view_subscription billing.add_bill"),
    (Subscription, "disable", "billing.view_subscription billing.change_subscription"),
    (Subscription, "restore", "billing.view_subscription billing.change_subscription"),
    (Subscription, "new_password", "billing.view_subscription billing.set_credentials"),
    (Subscription, "show_password", "billing.view_subscription billing.see_network_secrets"),
    (Router, "test_connection", "billing.view_router billing.test_router"),
    (Router, "router_script", "billing.view_router"),
    (Router, "show_secrets", "billing.view_router billing.see_network_secrets"),
    (Router, "new_secret", "billing.view_router billing.change_router billing.see_network_secrets"),
)
WITH_HTML = (AUDITOR,)  # every page for somebody who may only look; other tests see those of who may act
TO_ASK = {"run": "utils.run_job", "pause": "utils.pause_job", "resume": "utils.pause_job"}
LISTS_WITH_ACTIONS = {
    "billing.bill": "billing.view_bill",
    "billing.subscription": "billing.change_subscription billing.set_credentials",  # for one of its actions each
    "billing.billingstate": "billing.change_billingstate",
    "auth.user": "auth.change_user",
    "axes.accessattempt": "axes.delete_accessattempt",
}


def of_the_lists():
    """(name, address, needed) of the pages that every list has."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    for model, model_admin in admin.site._registry.items():
        label, name = model._meta.label_lower, f"admin:{model._meta.label_lower.replace('.', '_')}"
        row = model_admin.get_queryset(request).first()
        args = [row.pk if row else 999_999]
        view, add, delete = (label.replace(".", f".{kind}_") for kind in ("view", "add", "delete"))
        yield f"{name}_changelist", reverse(f"{name}_changelist"), {view}
        yield f"{name}_add", reverse(f"{name}_add"), {add} if label in ADDED else NOBODY
        yield f"{name}_change", reverse(f"{name}_change", args=args), {view}
        yield f"{name}_export", reverse(f"{name}_export"), {view, "billing.export_lists"}
        if row:  # of a row that is not there nobody is told anything
            yield f"{name}_history", reverse(f"{name}_history", args=args), {view}
        yield f"{name}_delete", reverse(f"{name}_delete", args=args), {delete} if label in DELETED else NOBODY


def of_actions():
    held_first = sorted(ACTIONS, key=lambda entry: entry[0] is not held_run)  # nobody may be off when a run is held
    for make, action, permission, _ in held_first:
        row = make()
        app, model = row._meta.app_label, row._meta.model_name
        yield f"admin:{app}_{model}_{action}", url(row, action), {f"{app}.view_{model}", f"{app}.{permission}"}
    for model, action, needed in BUTTONS:
        row = model.objects.latest("pk")
        yield f"admin:billing_{model._meta.model_name}_{action}", url(row, action), set(needed.split())


def what_routers_report():
    """What only routers write: an open session, one that ended, a sign-in that was refused, and what differs."""
    subscription, router, now = online(), make_router(), timezone.now()
    for kind in ("Start", "Stop"):
        account(kind=kind, unique_id="ended", login=subscription.login, router=router.address)
    asked("SELECT radius.post_auth('nobody', 'Access-Reject', 'unknown login', %s, '')", str(router.address))
    NetworkFinding.objects.create(router=router, kind="unknown-login", first_seen_at=now, last_seen_at=now)


def of_shifts():
    """Of the shift of somebody else."""
    shift = CashShift.objects.create(
        staff=User.objects.create_user("a-cashier"), opened_at=timezone.now(), opened_on=timezone.localdate()
    )
    needed = {"billing.view_cashshift", "billing.view_every_cashshift"}
    for action in ("pay_in", "pay_out", "deposit", "close"):
        yield f"admin:billing_cashshift_{action}", url(shift, action), {*needed, "billing.run_cashshift"}
    yield "admin:billing_cashshift_print_document", url(shift, "print_document"), needed
    yield "admin:billing_cashshift_sign", url(shift, "sign"), {*needed, "billing.sign_cashshift"}


def of_our_own():
    for name, needed in PAGES.items():
        yield name, reverse(name), set(needed.split())
    for name in ("two_step", "two_step_set_up", "own_sessions"):
        yield name, reverse(name), set()
    file = ImportedFile.objects.latest("pk")
    for name in ("import_file", "import_errors"):
        yield name, reverse(name, args=[file.pk]), {"billing.import_payments"}
    for name in ANYBODY:
        yield f"admin:{name}", reverse(f"admin:{name}"), set()
    user = reverse("admin:auth_user_password_change", args=[User.objects.create_user("somebody-else").pk])
    yield "admin:auth_user_password_change", user, {"auth.change_user"}
    code = Customer.objects.latest("pk").code
    by_code = reverse("admin:billing_customer_by_code", args=[code])
    yield "admin:billing_customer_by_code", by_code, {"billing.view_customer"}
    query = "?app_label=billing&model_name=subscription&field_name=customer&term=x"
    yield "admin:autocomplete", reverse("admin:autocomplete") + query, {"billing.view_customer"}


@pytest.fixture
def pages():
    """All of them, with rows to act on."""
    what_routers_report()
    return [*of_actions(), *of_shifts(), *of_our_own(), *of_the_lists()]


def names_of(resolver):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry.name
        else:
            yield from names_of(entry)


def test_no_page_is_left_out(pages):
    asked = {name.removeprefix("admin:") for name, _, _ in pages}
    of_the_admin = {
        name for entry in get_resolver().url_patterns if str(entry.pattern) == "admin/" for name in names_of(entry)
    }
    left_out = of_the_admin - asked - NOT_ASKED_FOR
    assert {name for name in left_out if not name.endswith("_history")} == set()


@pytest.fixture
def unwritten(monkeypatch):
    """Views decide and read as always, but their pages stay empty: the HTML of all roles would take a minute."""

    def leave_empty():
        monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", property(lambda response: ""))

    return leave_empty


def test_every_page_answers_those_who_may_and_no_other(pages, unwritten):
    table, wrong = written(), []
    before = everything_stored()
    for role in (*WITH_HTML, *(role for role in ROLES if role not in WITH_HTML)):
        if role not in WITH_HTML:
            unwritten()
        client = somebody(role)
        for name, address, needed in pages:
            statuses = {client.get(address).status_code}
            if needed <= table[role]:
                expected = statuses & {200, 302}
            else:
                expected = {403}
                statuses.add(client.post(address, {"confirmed": "1"}).status_code)
            if statuses != expected:
                wrong.append(f"{role} {name}: {statuses} instead of {expected}")
    assert "\n".join(wrong) == ""
    assert everything_stored() == before


@pytest.mark.parametrize("role", ROLES)
def test_only_who_may_asks_the_scheduler(role):
    client, table = somebody(role), written()[role]
    for kind, permission in TO_ASK.items():
        answer = client.post(reverse("ask_scheduler", args=["generate_bills", kind]), {})
        assert answer.status_code == (302 if {permission, "utils.view_jobrun"} <= table else 403), kind


@pytest.mark.parametrize("role", ROLES)
def test_a_list_offers_only_what_may_be_done_with_its_rows(role, rf):
    client, table = somebody(role), written()[role]
    user = client.get(reverse("admin:index")).wsgi_request.user
    for model, model_admin in admin.site._registry.items():
        request = rf.get("/")
        request.user = user
        offered, needed = model_admin.get_actions(request), LISTS_WITH_ACTIONS.get(model._meta.label_lower, "")
        assert bool(offered) == any(one in table for one in needed.split()), (model, offered)
