"""The expiry sweep: of all subscriptions, the 5 of 100 that are due are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from benchmarks import installation, overdue
from benchmarks.measuring import BULK, LIMIT, LOOP, OURS, SAMPLE, WIDE, Course, Race, Work
from benchmarks.overdue import DUE_AT
from benchmarks.peers.running import running
from billing.models import AccessEvent, AccessState, Bill, BillLine, Block, NetworkIntent, Router
from billing.services import sweep

WORK = Work("Expiry sweep", "cut row", limit=WIDE)
WITH_ROUTER = f"{OURS}, with a router"
WIDE_TABLES = ("wide_subscription", "wide_audit", "wide_intent")


def race(course: Course) -> Race:
    """Cut all who are due in each round, one contender after the other; the loop and the peers cut samples."""
    race, due = Race(WORK, course.size), overdue.prepare(course.size, course.by_hand)
    sample = due[:SAMPLE]
    acts: list[tuple[str, int, Callable[[], object]]] = [
        (LIMIT, len(due), lambda: _by_hand(course.by_hand)),
        (OURS, len(due), _disable),
        (WITH_ROUTER, len(due), _disable),
        (BULK, len(due), _bulk),
        (LOOP, len(sample), lambda: _loop(sample)),
    ]
    wide = Wide(course.size, course.by_hand)
    others = running(course.size) if course.has_peers else []
    for number in range(course.rounds):
        wide.run(race, len(due))
        for contender, count, act in reversed(acts) if number % 2 else acts:
            with _a_router_to_tell(count if contender == WITH_ROUTER else 0):
                race.run(contender, count, act)
            overdue.check_cut(count)
            overdue.put_back(course.by_hand)
        for peer in others:
            race.add(peer.label, **peer.expire())
    race.series[LIMIT].queries = race.series[WIDE].queries = 1 / len(due)
    wide.drop()
    return race


class Wide:
    """The same work on a subscription of one wide row, as it is often found."""

    def __init__(self, size: int, by_hand: Any) -> None:
        self.by_hand = by_hand
        self._execute("wide_tables", {"size": size})
        self._execute("foreign_keys_for_all")
        installation.settle_down(*WIDE_TABLES)

    def run(self, race: Race, count: int) -> None:
        race.run(WIDE, count, lambda: self._execute("wide_sweep", {"now": DUE_AT}))
        with self.by_hand.cursor() as cursor:
            for table in ("wide_audit", "wide_intent"):
                cursor.execute(f"SELECT count(*) FROM {table}")
                assert cursor.fetchone() == (count,)
        self._execute("wide_back")
        installation.settle_down(*WIDE_TABLES)

    def drop(self) -> None:
        with self.by_hand.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(WIDE_TABLES)}")

    def _execute(self, name: str, parameters: dict[str, object] | None = None) -> None:
        with self.by_hand.cursor() as cursor:
            cursor.execute(installation.sql(name), parameters)


@contextmanager
def _a_router_to_tell(count: int) -> Iterator[None]:
    """An active router, so that each of ``count`` cuts writes what the network is to do; none with 0."""
    if count:
        Router.objects.create(name="router", kind=Router.Kind.DRY_RUN, address="192.0.2.1")
    yield
    assert NetworkIntent.objects.filter(reason="off").count() == count
    NetworkIntent.objects.all().delete()
    Router.objects.all().delete()
    installation.settle_down("billing_networkintent")


def _by_hand(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(installation.sql("limit_sweep"), {"now": DUE_AT})


def _disable() -> None:
    sweep.disable_due(now=DUE_AT, limit=settings.SWEEP_BATCH_SIZE)


@transaction.atomic
def _bulk() -> None:
    due = BillLine.objects.filter(
        bill__status="open", cut_off_at__lte=DUE_AT, subscription__access_state__is_on=True
    ).order_by("subscription", "bill__due_on")
    causes = list(due.values_list("subscription_id", "bill_id"))
    AccessState.objects.filter(is_on=True, cut_off_at__lte=DUE_AT).update(is_on=False, version=F("version") + 1)
    Block.objects.bulk_create((_block(*cause) for cause in causes), batch_size=SAMPLE)
    AccessEvent.objects.bulk_create((_event(*cause) for cause in causes), batch_size=SAMPLE)


def _loop(ids: Sequence[int]) -> None:
    for state in AccessState.objects.filter(pk__in=ids).select_related("subscription").order_by("pk"):
        with transaction.atomic():
            bill = Bill.objects.filter(customer=state.subscription.customer_id, status="open").earliest("due_on")
            state.is_on, state.version = False, state.version + 1
            state.save()
            _block(state.pk, bill.pk).save()
            _event(state.pk, bill.pk).save()


def _block(subscription_id: int, bill_id: int) -> Block:
    return Block(subscription_id=subscription_id, reason="unpaid", bill_id=bill_id, opened_at=DUE_AT)


def _event(subscription_id: int, bill_id: int) -> AccessEvent:
    return AccessEvent(
        subscription_id=subscription_id, at=DUE_AT, change="blocked", reason="unpaid", rule="E1", bill_id=bill_id,
        was_on=True, is_on=False,
    )  # fmt: skip
