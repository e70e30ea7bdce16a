"""The sidebar: what staff look for, in their words, as far as they may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.admin import cash, counter, imports, print_bills, rules_in_force, scheduler_page, who_will_be_cut
from billing.admin.report_pages import REPORTS
from billing.words import gettext_lazy, gettext_noop

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        gettext_noop("Customers"),
        (
            (gettext_lazy("Customers"), "billing.customer", "groups"),
            (gettext_lazy("Subscriptions"), "billing.subscription", "router"),
            (gettext_lazy("Scheduled changes"), "billing.scheduledchange", "event_upcoming"),
            (gettext_lazy("Holds"), "billing.hold", "pause_circle"),
            (gettext_lazy("Discounts"), "billing.discount", "percent"),
            (gettext_lazy("Notes"), "billing.customernote", "sticky_note_2"),
            (gettext_lazy("Areas"), "billing.area", "map"),
        ),
    ),
    (
        gettext_noop("Billing"),
        (
            (gettext_lazy("Bills"), "billing.bill", "receipt_long"),
            (gettext_lazy("Payments"), "billing.payment", "payments"),
            (gettext_lazy("Cash shifts"), "billing.cashshift", "point_of_sale"),
            (gettext_lazy("Unmatched money"), "billing.unmatchedpayment", "help_center"),
            (gettext_lazy("Credit notes"), "billing.creditnote", "contract_delete"),
            (gettext_lazy("Reversals"), "billing.reversal", "undo"),
            (gettext_lazy("One-off items"), "billing.item", "add_shopping_cart"),
            (gettext_lazy("Needs review"), "billing.billingstate", "rule"),
            (gettext_lazy("Plans"), "billing.plan", "sell"),
            (gettext_lazy("Tax rates"), "billing.taxrate", "account_balance"),
            (gettext_lazy("Bill lines"), "billing.billline", "list"),
            (gettext_lazy("Unbilled days"), "billing.unbilleddays", "event_busy"),
            (gettext_lazy("Allocations"), "billing.allocation", "call_split"),
            (gettext_lazy("Ledger"), "billing.ledgerentry", "menu_book"),
            (gettext_lazy("Balances"), "billing.account", "account_balance"),
            (gettext_lazy("Number series"), "billing.numberseries", "tag"),
        ),
    ),
    (gettext_noop("Reports"), ()),
    (
        gettext_noop("Access"),
        (
            (gettext_lazy("Access now"), "billing.accessstate", "wifi"),
            (gettext_lazy("Blocks"), "billing.block", "block"),
            (gettext_lazy("Access history"), "billing.accessevent", "history"),
            (gettext_lazy("Expiry checks"), "billing.sweeprun", "event_busy"),
            (gettext_lazy("Promises"), "billing.promise", "handshake"),
            (gettext_lazy("Exclusions"), "billing.exclusion", "shield"),
            (gettext_lazy("Reminders"), "billing.reminder", "notifications"),
            (gettext_lazy("Holidays"), "billing.holiday", "celebration"),
        ),
    ),
    (
        gettext_noop("Network"),
        (
            (gettext_lazy("Routers"), "billing.router", "router"),
            (gettext_lazy("Sessions"), "billing.onlinesession", "sensors"),
            (gettext_lazy("Ended sessions"), "billing.sessionrecord", "sensors_off"),
            (gettext_lazy("Findings"), "billing.networkfinding", "troubleshoot"),
            (gettext_lazy("Logins at routers"), "billing.loginattempt", "login"),
        ),
    ),
    (
        gettext_noop("Scheduler"),
        (
            (gettext_lazy("Runs of jobs"), "utils.jobrun", "history"),
            (gettext_lazy("Alarms"), "utils.alarm", "notification_important"),
            (gettext_lazy("Requests"), "utils.jobrequest", "touch_app"),
            (gettext_lazy("Processes"), "utils.instance", "memory"),
            (gettext_lazy("Jobs"), "django_apscheduler.djangojob", "schedule"),
            (gettext_lazy("Job executions"), "django_apscheduler.djangojobexecution", "checklist"),
        ),
    ),
    (
        gettext_noop("Staff"),
        (
            (gettext_lazy("Users"), "auth.user", "person"),
            (gettext_lazy("Groups"), "auth.group", "shield_person"),
            (gettext_lazy("Failed sign-ins"), "axes.accessattempt", "lock_person"),
            (gettext_lazy("Sign-ins"), "axes.accesslog", "login"),
            (gettext_lazy("Audit"), "billing.auditentry", "policy"),
        ),
    ),
)
OWN_PAGES: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "Customers": ((gettext_lazy("Counter"), "person_search", counter),),
    "Billing": (
        (gettext_lazy("My shift"), "point_of_sale", cash),
        (gettext_lazy("Print bills"), "print", print_bills),
        (gettext_lazy("Import"), "upload_file", imports),
    ),
    "Reports": tuple((report.title, report.icon, report) for report in REPORTS),
    "Access": (
        (gettext_lazy("Who will be cut"), "content_cut", who_will_be_cut),
        (gettext_lazy("Rules in force"), "gavel", rules_in_force),
    ),
    "Scheduler": ((gettext_lazy("Scheduler"), "monitor_heart", scheduler_page),),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this request."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    groups = [
        {"title": _(title), "separator": True, "items": [*_own_pages(title), *(_item(*page) for page in pages)]}
        for title, pages in GROUPS
    ]
    return [{"items": [home]}, *groups]


def _own_pages(group: str) -> list[dict[str, Any]]:
    """The pages of a group that are no list of a table."""
    return [
        {"title": title, "icon": icon, "link": page.address(), "permission": page.may_see}
        for title, icon, page in OWN_PAGES.get(group, ())
    ]


def _item(title: str, model: str, icon: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{app}_{name}_changelist"),
        "permission": _may_see(app, name),
    }


def _may_see(app: str, name: str) -> Callable[[HttpRequest], bool]:
    def permission(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}") or request.user.has_perm(f"{app}.change_{name}")

    return permission


def environment(request: HttpRequest) -> list[str] | None:
    """The badge at the top that tells a demo from the real thing."""
    return [_("Demo"), "warning"] if settings.DEMO else None


def icon(request: HttpRequest) -> str:
    """The address of the picture in the browser's tab."""
    return static("billing/icon.svg")


def style_sheet(request: HttpRequest) -> str:
    """The address of our own style sheet, which comes after unfold's."""
    return static("billing/admin.css")


def focus_script(request: HttpRequest) -> str:
    """The address of the script that puts the keyboard where a page wants it."""
    return static("billing/focus.js")


def names_script(request: HttpRequest) -> str:
    """The address of the script that names for screen readers what other widgets leave without a name."""
    return static("billing/names.js")
