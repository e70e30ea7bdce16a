"""The counter: one box that finds a customer by whatever the customer says, and Enter opens the customer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.admin.access_labels import access_of_all
from billing.admin.formatting import amount_cell, link, money, page_of
from billing.admin.panels import Panel, columns
from billing.models import Customer
from billing.services import areas, customer_search
from billing.services.customer_search import Match
from billing.words import gettext_lazy

NEEDED = "billing.view_customer"
OFFERED, LISTED = 8, 50
LONGEST = 120  # letters of a search
HEADS = columns(
    "Customer",
    "Found by",
    "Phone",
    "Area",
    "Access",
    "Owes",
    amounts=("Owes",),
)
FOUND_BY = {
    "code": gettext_lazy("code"),
    "name": gettext_lazy("name"),
    "login": gettext_lazy("login"),
    "phone": gettext_lazy("phone"),
    "bill": gettext_lazy("bill"),
    "national id": gettext_lazy("national id"),
}


def may_see(request: HttpRequest) -> bool:
    """Whether this user may see customers."""
    return bool(request.user.has_perm(NEEDED))


def address() -> str:
    """Where the page is."""
    return reverse("counter")


def box() -> dict[str, str]:
    """What the template of the search box needs."""
    return {"address": address(), "matches": reverse("counter_matches")}


def counter(request: HttpRequest) -> HttpResponse:
    """The page with the box and, for a search that was sent, what it found; the only one found is opened."""
    typed = _typed(request)
    found = _found(request, typed, LISTED)
    if len(found) == 1:
        return redirect(page_of(found[0][1]))
    rows = [_row(*row) for row in found]
    content: dict[str, Any] = {"title": _("Counter"), "counter": box(), "typed": typed}
    if typed:
        content["panels"] = [
            Panel(_("Customers found for “{typed}”").format(typed=typed), HEADS, rows, empty=_("Nobody."))
        ]
    request.current_app = admin.site.name
    return TemplateResponse(request, "billing/counter.html", {**admin.site.each_context(request), **content})


def matches(request: HttpRequest) -> JsonResponse:
    """The first customers for what is typed so far, as JSON."""
    found = [
        {
            "address": page_of(customer),
            "name": str(customer),
            "found_by": "" if match.kind in ("code", "name") else _found_by(match),
            "owes": money(customer.owed) if customer.owed else "",
        }
        for match, customer in _found(request, _typed(request), OFFERED)
    ]
    return JsonResponse({"matches": found}, headers={"Cache-Control": "no-store"})


def _typed(request: HttpRequest) -> str:
    if not may_see(request):
        raise PermissionDenied
    return request.GET.get("q", "")[:LONGEST].strip()


def _found(request: HttpRequest, typed: str, limit: int) -> list[tuple[Match, Any]]:
    """The matches with their customers, as far as the list of customers shows them to this user."""
    found = customer_search.find(typed, limit=limit, areas=areas.of(request.user))
    if not found:
        return []
    seen = admin.site.get_model_admin(Customer).get_queryset(request).select_related("area")
    customers = seen.in_bulk([match.customer_id for match in found])
    return [(match, customers[match.customer_id]) for match in found if match.customer_id in customers]


def _found_by(match: Match) -> str:
    return f"{FOUND_BY[match.kind]} {match.text}"


def _row(match: Match, customer: Any) -> tuple[object, ...]:
    return (
        link(customer),
        _found_by(match),
        customer.phone,
        customer.area or "",
        access_of_all(customer.services),
        amount_cell(customer.owed),
    )
