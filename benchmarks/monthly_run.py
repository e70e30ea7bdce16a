"""The monthly run: a bill with its line, ledger entry and number for every subscription that is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from benchmarks import installation
from benchmarks.measuring import BULK, LIMIT, LOOP, OURS, SAMPLE, Course, Race, Work
from billing.models import AccessState, Account, Bill, BillingState, BillLine, LedgerEntry, NumberSeries
from billing.rules.periods import start_of_day
from billing.services import billing_run, clock

WORK = Work("Monthly run", "bill")
BATCH = 5_000  # of the SQL by hand; larger ones are not faster


def race(course: Course) -> Race:
    """Bill ``size`` subscriptions each month, one contender after the other; naive Django bills its sample."""
    race, month = Race(WORK, course.size), 0
    hand = ByHand(course.by_hand)
    for number in range(course.rounds):
        contenders = [(LIMIT, hand.bill_all), (OURS, _generate)]
        for contender, act in contenders if number % 2 else reversed(contenders):
            now = _end_of_month(month)
            _prepare(course.by_hand, course.size)
            race.run(contender, course.size, lambda act=act, now=now: act(now))
            month += 1
        with installation.triggers_off() as apart:
            for contender, act in ((LOOP, _loop), (BULK, _bulk)):
                sample = _sample(course.size, contender)
                apart(partial(race.run, contender, SAMPLE, partial(act, sample, now)))
    race.series[LIMIT].queries = hand.statements / course.rounds / course.size
    return race


def _end_of_month(month: int) -> datetime:
    """When everybody's period of that month has begun; they begin on the 1st to the 28th."""
    return datetime(2026 + month // 12, month % 12 + 1, 28, 12, tzinfo=UTC)


def _prepare(by_hand: Any, size: int) -> None:
    """Nobody owes anything, and the samples of naive Django are not due."""
    with by_hand.cursor() as cursor:
        cursor.execute(installation.sql("everybody_paid"))
        cursor.execute("UPDATE billing_billingstate SET bill_on = NULL WHERE subscription_id > %s", [size])
    installation.settle_down()


class ByHand:
    """The best SQL for it, from psycopg2 alone."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.statements = connection, 0

    def bill_all(self, now: datetime) -> None:
        statement = installation.sql("limit_monthly_run")
        with self.connection.cursor() as cursor:
            while True:
                cursor.execute(statement, {"now": now, "today": now.date(), "limit": BATCH})
                self.statements += 1
                if not cursor.rowcount:
                    return


def _generate(now: datetime) -> None:
    billing_run.generate(now=now, limit=settings.BILLING_BATCH_SIZE)


def _sample(size: int, contender: str) -> list[BillingState]:
    """The subscriptions that come after the ``size`` that the others bill."""
    first = size + 1 + (SAMPLE if contender == BULK else 0)
    states = BillingState.objects.filter(pk__gte=first, pk__lt=first + SAMPLE)
    return list(states.select_related("customer", "subscription__plan").order_by("pk"))


def _loop(states: list[BillingState], now: datetime) -> None:
    for state in states:
        with transaction.atomic():
            series = NumberSeries.objects.select_for_update().get(key="bill")
            series.last_value += 1
            series.save()
            bill, line = _bill(state, series, series.last_value, now)
            bill.save()
            line.bill = bill
            line.save()
            _entry(bill).save()
            Account.objects.filter(pk=bill.customer_id).update(balance=F("balance") + bill.total)
            AccessState.objects.filter(pk=state.pk).update(cut_off_at=line.cut_off_at)
            _move_on(state)
            state.save()


def _bulk(states: list[BillingState], now: datetime) -> None:
    for first in range(0, len(states), 500):
        batch = states[first : first + 500]
        with transaction.atomic():
            series = NumberSeries.objects.select_for_update().get(key="bill")
            pairs = [_bill(state, series, series.last_value + place, now) for place, state in enumerate(batch, start=1)]
            bills = Bill.objects.bulk_create(bill for bill, _ in pairs)
            for bill, line in pairs:
                line.bill = bill
            BillLine.objects.bulk_create(line for _, line in pairs)
            LedgerEntry.objects.bulk_create(_entry(bill) for bill in bills)
            accounts = list(Account.objects.filter(pk__in=[bill.customer_id for bill in bills]).order_by("pk"))
            for account, bill in zip(accounts, bills, strict=True):
                account.balance += bill.total
            Account.objects.bulk_update(accounts, ["balance"])
            AccessState.objects.bulk_update(
                [AccessState(pk=line.subscription_id, cut_off_at=line.cut_off_at) for _, line in pairs], ["cut_off_at"]
            )
            for state in batch:
                _move_on(state)
            BillingState.objects.bulk_update(batch, ["billed_until", "bill_on"])
            series.last_value += len(batch)
            series.save()


def _bill(state: BillingState, series: NumberSeries, value: int, now: datetime) -> tuple[Bill, BillLine]:
    customer, plan, today = state.customer, state.subscription.plan, now.date()
    due_on, end = today + timedelta(days=plan.due_days), _end_of_period(state)
    bill = Bill(
        customer=customer, status="open", number=series.formatted(value, today), sequence=value, currency="USD",
        net=plan.price, total=plan.price, issued_at=now, issued_on=today, due_on=due_on,
        customer_code=customer.code, customer_name=customer.name, customer_address=customer.address,
        seller_name=settings.COMPANY_NAME,
    )  # fmt: skip
    line = BillLine(
        kind="recurring", subscription=state.subscription, plan=plan, period=(state.billed_until, end),
        billed_days=(state.billed_until, end), price=plan.price, amount=plan.price,
        description=f"{plan.name}, {state.subscription.login}, {state.billed_until} to {end - timedelta(days=1)}",
        cut_off_at=start_of_day(due_on + timedelta(days=1), clock.zone()),
    )  # fmt: skip
    return bill, line


def _entry(bill: Bill) -> LedgerEntry:
    return LedgerEntry(
        customer_id=bill.customer_id, booked_on=bill.issued_on, booked_at=bill.issued_at, kind="bill",
        amount=bill.total, bill=bill,
    )  # fmt: skip


def _end_of_period(state: BillingState) -> date:
    return state.subscription.schedule.slice_from(state.billed_until).end


def _move_on(state: BillingState) -> None:
    state.billed_until = state.bill_on = _end_of_period(state)
