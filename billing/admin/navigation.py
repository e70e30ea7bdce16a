"""The sidebar: what staff look for, in their words, as far as they may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from billing.admin import cash, counter, imports, print_bills, rules_in_force, scheduler_page, who_will_be_cut
from billing.admin.report_pages import REPORTS

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Customers",
        (
            ("Customers", "billing.customer", "groups"),
            ("Subscriptions", "billing.subscription", "router"),
            ("Scheduled changes", "billing.scheduledchange", "event_upcoming"),
            ("Holds", "billing.hold", "pause_circle"),
            ("Discounts", "billing.discount", "percent"),
            ("Areas", "billing.area", "map"),
        ),
    ),
    (
        "Billing",
        (
            ("Bills", "billing.bill", "receipt_long"),
            ("Payments", "billing.payment", "payments"),
            ("Cash shifts", "billing.cashshift", "point_of_sale"),
            ("Unmatched money", "billing.unmatchedpayment", "help_center"),
            ("Credit notes", "billing.creditnote", "contract_delete"),
            ("Reversals", "billing.reversal", "undo"),
            ("One-off items", "billing.item", "add_shopping_cart"),
            ("Needs review", "billing.billingstate", "rule"),
            ("Plans", "billing.plan", "sell"),
            ("Tax rates", "billing.taxrate", "account_balance"),
            ("Bill lines", "billing.billline", "list"),
            ("Unbilled days", "billing.unbilleddays", "event_busy"),
            ("Allocations", "billing.allocation", "call_split"),
            ("Ledger", "billing.ledgerentry", "menu_book"),
            ("Balances", "billing.account", "account_balance"),
            ("Number series", "billing.numberseries", "tag"),
        ),
    ),
    ("Reports", ()),
    (
        "Access",
        (
            ("Access now", "billing.accessstate", "wifi"),
            ("Blocks", "billing.block", "block"),
            ("Access history", "billing.accessevent", "history"),
            ("Expiry checks", "billing.sweeprun", "event_busy"),
            ("Promises", "billing.promise", "handshake"),
            ("Exclusions", "billing.exclusion", "shield"),
            ("Reminders", "billing.reminder", "notifications"),
            ("Holidays", "billing.holiday", "celebration"),
        ),
    ),
    (
        "Network",
        (
            ("Routers", "billing.router", "router"),
            ("Sessions", "billing.onlinesession", "sensors"),
            ("Ended sessions", "billing.sessionrecord", "sensors_off"),
            ("Findings", "billing.networkfinding", "troubleshoot"),
            ("Logins at routers", "billing.loginattempt", "login"),
        ),
    ),
    (
        "Scheduler",
        (
            ("Runs of jobs", "utils.jobrun", "history"),
            ("Alarms", "utils.alarm", "notification_important"),
            ("Requests", "utils.jobrequest", "touch_app"),
            ("Processes", "utils.instance", "memory"),
            ("Jobs", "django_apscheduler.djangojob", "schedule"),
            ("Job executions", "django_apscheduler.djangojobexecution", "checklist"),
        ),
    ),
    (
        "Staff",
        (
            ("Users", "auth.user", "person"),
            ("Groups", "auth.group", "shield_person"),
            ("Failed sign-ins", "axes.accessattempt", "lock_person"),
            ("Sign-ins", "axes.accesslog", "login"),
            ("Audit", "billing.auditentry", "policy"),
        ),
    ),
)
OWN_PAGES: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "Customers": (("Counter", "person_search", counter),),
    "Billing": (
        ("My shift", "point_of_sale", cash),
        ("Print bills", "print", print_bills),
        ("Import", "upload_file", imports),
    ),
    "Reports": tuple((report.title, report.icon, report) for report in REPORTS),
    "Access": (("Who will be cut", "content_cut", who_will_be_cut), ("Rules in force", "gavel", rules_in_force)),
    "Scheduler": (("Scheduler", "monitor_heart", scheduler_page),),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this request."""
    home = {"title": "Home", "icon": "home", "link": reverse("admin:index")}
    groups = [
        {"title": title, "separator": True, "items": [*_own_pages(title), *(_item(*page) for page in pages)]}
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
    return ["Demo", "warning"] if settings.DEMO else None


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
