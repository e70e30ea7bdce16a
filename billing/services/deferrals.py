"""Promises to pay and exclusions: until when a customer is not cut (rule E11)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from billing.models import Bill, Customer, Exclusion, Promise
from billing.rules import access as rules
from billing.rules.errors import Refused
from billing.services import clock, deferral_states, locks, settlement, texts

_FOLLOW = """
    UPDATE billing_accessstate state SET not_before = new.not_before
    FROM (
        SELECT subscription.id, (
            SELECT max(not_before) FROM (
                SELECT not_before FROM billing_promise promise
                WHERE promise.customer_id = subscription.customer_id AND ended_at IS NULL
                    AND (promise.subscription_id IS NULL OR promise.subscription_id = subscription.id)
                UNION ALL
                SELECT not_before FROM billing_exclusion exclusion
                WHERE exclusion.customer_id = subscription.customer_id AND ended_at IS NULL
            ) AS deferral
        ) AS not_before
        FROM billing_subscription subscription WHERE customer_id = ANY(%s)
    ) AS new
    WHERE state.subscription_id = new.id AND state.not_before IS DISTINCT FROM new.not_before
"""


def promise(
    *, customer: Customer, until: date, why: str, now: datetime, by: Any = None, request_key: UUID | None = None
) -> Promise:
    """Let a customer's debt run through ``until``; who was cut for it is online again at once.

    The same call again with the same ``request_key`` gives the first one's promise.

    Raises:
        Refused: a day in the past or beyond PROMISE_MAX_DAYS, no reason, nothing owed, a promise
            that runs as long already, or more than PROMISES_PER_YEAR.
    """
    new = Promise(
        customer=customer,
        until=until,
        not_before=rules.not_before(until, clock.zone()),
        why=_reason(why),
        created_at=now,
        created_by=by,
        request_key=request_key,
    )
    try:
        return _promise_once(new, now=now, by=by)
    except IntegrityError:
        if earlier := _same_as_before(new):
            return earlier
        raise


@transaction.atomic(durable=True)
def _promise_once(new: Promise, *, now: datetime, by: Any) -> Promise:
    locks.money(new.customer_id)
    if earlier := _same_as_before(new):
        return earlier
    check_until(new.until, now=now)
    _check_promise(new, now=now)
    new.save(force_insert=True)
    follow([new.customer_id], now=now, by=by)
    return new


@transaction.atomic(durable=True)
def exclude(
    *, customer: Customer, until: date | None, why: str, now: datetime, by: Any = None, notices: bool = False
) -> Exclusion:
    """Let unpaid bills not cut a customer through ``until``, or never; a new exclusion replaces the one before.

    The same call again gives the one that runs already.

    Raises:
        Refused: a day in the past, or no reason.
    """
    reason = _reason(why)
    if until is not None and until < clock.local_date(now):
        raise Refused("The exclusion would be over already. Choose today or later, or leave the date empty for ever.")
    locks.money(customer.pk)
    running = Exclusion.objects.filter(customer=customer, ended_at=None)
    if same := running.filter(until=until, why=reason, notices=notices).first():
        return same
    running.update(ended_at=now, ended_by=by)
    new = Exclusion.objects.create(
        customer=customer,
        until=until,
        not_before=rules.not_before(until, clock.zone()),
        why=reason,
        notices=notices,
        created_at=now,
        created_by=by,
    )
    follow([customer.pk], now=now, by=by)
    return new


@transaction.atomic(durable=True)
def take_back(deferral: Promise | Exclusion, *, now: datetime, by: Any = None) -> None:
    """End a promise or an exclusion now; what is due is cut by the next sweep. Twice changes nothing more."""
    locks.money(deferral.customer_id)
    type(deferral)._default_manager.filter(pk=deferral.pk, ended_at=None).update(ended_at=now, ended_by=by)
    follow([deferral.customer_id], now=now, by=by)


def follow(customer_ids: Collection[int], *, now: datetime, by: Any = None) -> None:
    """Bring everything of locked customers in line with their promises and exclusions."""
    inherit(customer_ids)
    settlement.settle(customer_ids, now=now, by=by, rule="E11")


def inherit(customer_ids: Collection[int]) -> None:
    """Let all subscriptions of some customers have their promises and exclusions, new ones as well."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [list(customer_ids)])


def check_until(until: date, *, now: datetime) -> None:
    """Raise Refused unless a promise may run through ``until``."""
    today = clock.local_date(now)
    if until < today:
        raise Refused("The promise would be over already. Choose today or later.")
    latest = today + timedelta(days=settings.PROMISE_MAX_DAYS)
    if until > latest:
        raise Refused(
            "A promise may run for {promise_max_days} days, until {latest}. Choose an earlier day.",
            promise_max_days=settings.PROMISE_MAX_DAYS,
            latest=latest,
        )


def _check_promise(new: Promise, *, now: datetime) -> None:
    if not Bill.objects.filter(customer=new.customer_id, status=Bill.Status.OPEN).exists():
        raise Refused("Nothing is owed: there is no debt to promise.")
    own = Promise.objects.filter(customer=new.customer_id, run=None)
    if own.filter(ended_at=None, until__gte=new.until).exists():
        raise Refused("A promise runs until {until} or longer already. Choose a later day.", until=new.until)
    given = deferral_states.given_within_a_year(new.customer_id, now=now)
    if given >= settings.PROMISES_PER_YEAR:
        raise Refused(
            "This customer has had {given} promises within a year, and {promises_per_year} are allowed "
            "(PROMISES_PER_YEAR). Receive a payment instead.",
            given=given,
            promises_per_year=settings.PROMISES_PER_YEAR,
        )


def _same_as_before(new: Promise) -> Promise | None:
    """The promise that an earlier identical request made, or None."""
    earlier = Promise.objects.filter(request_key=new.request_key).first() if new.request_key else None
    if earlier and (earlier.customer_id, earlier.until) != (new.customer_id, new.until):
        raise Refused("This request was already used for another promise. Start a new one.")
    return earlier


def _reason(why: str) -> str:
    reason = texts.checked(why, longest=200)
    if not reason:
        raise Refused("Say why, for your colleagues.")
    return reason
