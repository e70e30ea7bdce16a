"""The page of the walled garden: what is owed and how to pay, when a quota begins anew, for the address that asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language_from_request
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.documents import rendering
from billing.documents.papers import Paper
from billing.documents.payment_code import way_to_pay
from billing.services.network import garden as gardens
from utils.sign_in.addresses import client_address


@require_safe
@never_cache
def garden(request: HttpRequest) -> HttpResponse:
    """What keeps the subscriber at this address from being let out; for every other address a page that names nobody.

    Nothing in the request but its address is looked at, and the languages that the browser likes when the customer
    has none.
    """
    seen = gardens.look(client_address(request), now=timezone.now())
    return HttpResponse(rendering.html(_paper(seen, likes=get_language_from_request(request))))


def _paper(seen: gardens.Seen, *, likes: str) -> Paper:
    bills = seen.bills
    content: dict[str, Any] = {
        "seller_name": settings.COMPANY_NAME,
        "bills": [(bill, way_to_pay(bill)) for bill in bills],
        "quota_ends_on": seen.quota_ends_on,
    }
    if bills:
        content |= {
            "customer_code": bills[0].customer_code,
            "owed": sum(bill.outstanding for bill in bills),
            "currency": bills[0].currency,
        }
    language = (seen.customer.language if seen.customer else "") or likes
    return Paper(template="garden.html", name="garden", language=language, content=content)
