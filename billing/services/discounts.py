"""Discounts on a subscription's price (rule B5)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Discount, Subscription
from billing.rules import discounts as rules
from billing.rules.errors import Refused
from billing.services import locks, requests, texts, wording

SAME_BODY = ("subscription_id", "description", "percent", "fixed", "starts_on", "ends_on")


@transaction.atomic(durable=True)
def give(
    *,
    subscription: Subscription,
    description: str,
    starts_on: date,
    now: datetime,
    by: Any = None,
    ends_on: date | None = None,
    percent: Decimal | None = None,
    fixed: Decimal | None = None,
    request_key: UUID | None = None,
) -> Discount:
    """Take ``percent`` or ``fixed`` off every period that starts from ``starts_on`` to before ``ends_on``.

    A second identical call with the same ``request_key`` gives the first one's discount.

    Raises:
        Refused: neither or both, above the price, dates in impossible order, or a repeated key with
            another body.
    """
    locks.customer(subscription.customer_id)
    price = Subscription.objects.select_related("plan").get(pk=subscription.pk).plan.price
    rules.checked(rules.Discount(percent=percent, fixed=fixed), price=price, currency=settings.CURRENCY)
    _check_days(starts_on, ends_on)
    discount = Discount(
        subscription=subscription,
        description=texts.checked(description, longest=100, missing=_("Say what the discount is for.")),
        percent=percent,
        fixed=fixed,
        starts_on=starts_on,
        ends_on=ends_on,
        request_key=request_key,
        created_at=now,
        created_by=by,
    )
    if earlier := requests.answer(requests.earlier(Discount, request_key), discount, SAME_BODY):
        return earlier
    discount.save(force_insert=True)
    return discount


@transaction.atomic(durable=True)
def end(*, discount: Discount, on: date) -> None:
    """Let a discount end earlier: periods that start on ``on`` or later do without it.

    Raises:
        Refused: it ends earlier already, or would end before it starts.
    """
    locks.customer(discount.subscription.customer_id)
    discount.refresh_from_db()
    if on <= discount.starts_on:
        raise Refused(
            "The discount starts on {starts_on}. Choose a later end.", starts_on=wording.day(discount.starts_on)
        )
    if discount.ends_on is not None and discount.ends_on <= on:
        raise Refused("The discount ends on {ends_on} already.", ends_on=wording.day(discount.ends_on))
    discount.ends_on = on
    discount.save(update_fields=["ends_on"])


def _check_days(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on <= starts_on:
        raise Refused(
            "The discount would end on {ends_on}, not after its first day {starts_on}. Choose a later end.",
            ends_on=wording.day(ends_on),
            starts_on=wording.day(starts_on),
        )
