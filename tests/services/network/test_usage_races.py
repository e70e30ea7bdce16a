"""Counting beside accounting, beside changes of plan and beside another run (rules E6, E8)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from billing.models import UsageDay
from billing.rules.network import GIGABYTE
from billing.services import plan_changes
from billing.services.network import policy, usage
from tests.builders import access_of, make_plan
from tests.jobs.conftest import other_session  # noqa: F401  (a fixture)
from tests.services.network.usage_of import GARDEN, is_blocked, make_capped_subscription, use, use_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def settled():
    policy.follow()


def together(*works):
    """Do these at once; raises what one of them raises."""

    def closing(work):
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(closing, work) for work in works]:
            done.result(60)


def counting(until):
    """Count again and again, until the others are done."""

    def work():
        while not until.is_set():
            usage.count(now=timezone.now())

    return work


def test_what_is_reported_while_it_is_counted_is_neither_lost_nor_counted_twice():
    several = [make_capped_subscription(6, GARDEN) for _ in range(3)]
    now, done = timezone.now(), threading.Event()

    def report():
        try:
            for _ in range(60):
                for one in several:
                    use(one, now, 0.1)
        finally:
            done.set()

    together(report, counting(done), counting(done))
    usage.count(now=now)
    for one in several:
        assert use_of(one) == (6 * GIGABYTE, True) and is_blocked(one)
    assert not UsageDay.objects.filter(is_uncounted=True).exists()


def test_a_report_that_is_not_committed_yet_is_counted_by_the_next_run(other_session):  # noqa: F811
    anna = make_capped_subscription()
    now = timezone.now()
    use(anna, now, 1)
    late = f"SELECT radius.count_usage({anna.pk}, '{now.isoformat()}', {GIGABYTE}, 0)"
    with other_session(late):
        usage.count(now=now)
        assert use_of(anna) == (GIGABYTE, False)
        assert UsageDay.objects.get().is_uncounted  # its mark is the other's
    assert usage.count(now=now).counted == 1


def test_changes_of_plan_beside_counting_end_as_the_last_plan_says():
    anna = make_capped_subscription(1, GARDEN)
    now, done = timezone.now(), threading.Event()
    use(anna, now, 2)
    small, big = make_plan(quota_gb=1, **GARDEN), make_plan(quota_gb=9, **GARDEN)

    def change():
        try:
            for plan in [small, big] * 6:
                plan_changes.change_now(subscription=anna, plan=plan, now=timezone.now())
        finally:
            done.set()

    together(change, counting(done))
    usage.count(now=now)
    assert use_of(anna) == (2 * GIGABYTE, False)
    assert not is_blocked(anna) and access_of(anna).is_on


def test_who_is_being_changed_by_somebody_is_left_to_the_next_run(other_session):  # noqa: F811
    anna, ben = make_capped_subscription(1, GARDEN), make_capped_subscription(1, GARDEN)
    now = timezone.now()
    use(anna, now, 2)
    use(ben, now, 2)
    with other_session(f"SELECT FROM billing_accessstate WHERE subscription_id = {anna.pk} FOR NO KEY UPDATE"):
        run = usage.count(now=now)
    assert (run.counted, run.skipped) == (1, 1) and is_blocked(ben) and not is_blocked(anna)
    usage.count(now=now)
    assert is_blocked(anna)
