"""From the bill to the router and back, with the real scheduler, and races on the way (rules N3, N4, E7, E8)."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import AccessState, Bill, NetworkFinding, NetworkIntent, OnlineSession
from billing.services import payments
from billing.services.network import claiming, delivery, intents
from tests.builders import make_overdue_subscription, make_plan
from tests.jobs.conftest import start  # noqa: F401  (a fixture)
from tests.jobs.notes import at_best, until
from tests.network.billing_side import class_of, deliver, delivering, intent_of, is_applied, log_in, subscriber, switch
from tests.network.crowds import crowd, switch_everybody
from tests.network.fake_radius import Online
from utils.background_tasks import TIMETABLE
from utils.scheduler import requests

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def run_now(job_id):
    requests.ask_run(job_id, timetable=TIMETABLE, by=None, now=timezone.now())


@pytest.fixture
def start_scheduler(start, router):  # noqa: F811
    """Start a scheduler whose delivery is at work. Its expiry check runs when it is asked for."""

    def start_one():
        never = dict.fromkeys(("EXPIRY_CHECK_CRON", "RECONCILE_CRON"), "0 0 1 1 *")
        process = start("run_scheduler.py", NETWORK_KEY="k" * 40, MAX_CUTS_PERCENT="100", **never)
        process.wait_for("Scheduler started successfully!")
        run_now("deliver_network")
        process.wait_for('Running job "Bring changes to the routers"')
        return process

    return start_one


@pytest.fixture
def scheduler(start_scheduler):
    return start_scheduler()


def pay(subscription):
    for bill in Bill.objects.filter(customer=subscription.customer, status="open"):
        payments.receive(customer=subscription.customer, amount=bill.total, method="cash", now=timezone.now(), by=None)


def test_n3_who_does_not_pay_is_offline_within_a_second_and_who_pays_is_back(scheduler, router, radius_router):
    plan, payer, debtors = make_plan(price=Decimal(20), download_kbps=20000, upload_kbps=5000), subscriber(), []
    log_in(payer, router, radius_router)

    def seconds_until_95_percent_are_told():
        new = [make_overdue_subscription(plan=plan) for _ in range(40)]
        debtors.extend(new)
        for one in new:
            log_in(one, router, radius_router)
        run_now("check_expired_subscriptions")
        until(lambda: len(radius_router.sessions) == 1)
        told_at = {login: at for (_, login), at in zip(radius_router.told, radius_router.times, strict=True)}
        delays = sorted(told_at[one.login] - intent_of(one).requested_at.timestamp() for one in new)
        return delays[len(delays) * 95 // 100]

    assert at_best(seconds_until_95_percent_are_told, 1) < 1
    assert {login for _, login in radius_router.told} == {one.login for one in debtors}
    until(lambda: all(is_applied(one) for one in debtors))
    OnlineSession.objects.exclude(subscription=payer).delete()
    back = debtors[0]
    pay(back)
    until(lambda: is_applied(back))
    assert class_of(back).startswith(f"{back.pk}:")
    assert AccessState.objects.get(pk=back.pk).is_on
    log_in(back, router, radius_router)
    switch(payer, True)
    until(lambda: not NetworkIntent.objects.filter(applied_version=None).exists())
    assert len(radius_router.told) == len(debtors)


def test_a_scheduler_stops_at_once_though_its_delivery_works_for_a_minute(start_scheduler):
    assert at_best(lambda: start_scheduler().stop(), 1.5) < 1.5


def accounting(kind, session_id, login, router, policy_class):
    """What FreeRADIUS calls for each packet of accounting."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT radius.accounting(%s, %s, %s, %s, %s, %s, '', '', %s, '0', '', '', '', '', %s, '')",
            [
                kind,
                f"u-{session_id}",
                session_id,
                login,
                router.address,
                router.address,
                str(int(time.time())),
                policy_class,
            ],
        )


def test_disabled_between_accept_and_accounting_start_is_ended_right_after_the_start(router, radius_router):
    def seconds_to_the_disconnect():
        radius_router.told.clear()
        anna = subscriber()
        accepted_under, session_id = class_of(anna), f"s-{anna.pk}"
        switch(anna, False)
        until(lambda: is_applied(anna))
        assert radius_router.told == []
        radius_router.sessions[session_id] = Online(anna.login)
        started = time.monotonic()
        accounting("Start", session_id, anna.login, router, accepted_under)
        until(lambda: radius_router.told)
        seconds = time.monotonic() - started
        until(lambda: radius_router.sessions == {})
        return seconds

    with delivering():
        assert at_best(seconds_to_the_disconnect, 1) < 1


def test_a_router_that_gives_back_an_old_class_at_every_login_is_told_five_times_and_then_listed(router, radius_router):
    anna = subscriber()
    with delivering():
        for number in range(8):
            radius_router.sessions[f"s{number}"] = Online(anna.login)
            accounting("Start", f"s{number}", anna.login, router, f"{anna.pk}:00000000-0000")
            until(lambda: is_applied(anna) or intents.status_of(anna.pk).kind == "held")
            OnlineSession.objects.all().delete()
    told = [number for number in range(8) if any(f",\x04s{number}".encode() in sent for sent in radius_router.bytes)]
    assert told == [0, 1, 2, 3, 4], len(set(radius_router.bytes))
    assert NetworkFinding.objects.get(kind="held", resolved_at=None).login == anna.login


def test_who_is_held_stays_so_when_a_session_is_gone_before_anything_is_told(router, radius_router):
    anna = subscriber()
    for number in range(7):
        radius_router.sessions[f"s{number}"] = Online(anna.login)
        accounting("Start", f"s{number}", anna.login, router, f"{anna.pk}:00000000-0000")
        if number == 5:
            OnlineSession.objects.all().delete()
        deliver()
        OnlineSession.objects.all().delete()
    assert len(radius_router.told) == 5
    assert intents.status_of(anna.pk).kind == "held"


class Stale(delivery.Worker):
    """The control: what is wanted is read when an intent is taken, and not once more before the router is told."""

    async def _deliver(self, subscription_id, lanes):
        self._early = getattr(self, "_early", {})
        self._early[subscription_id] = await self._needs.ask(subscription_id)
        await super()._deliver(subscription_id, lanes)

    def _read(self, subscription_ids):
        known = getattr(self, "_early", {})
        found = claiming.needs([key for key in subscription_ids if key not in known], worker=self.name)
        return [known.get(key) or found.get(key) for key in subscription_ids]


def pay_while_the_disables_wait(router, radius_router):
    """50 are switched off at a slow router; all who are not disconnected yet are switched on again meanwhile.

    How many were told off after everybody was on; one may have been on its way.
    """
    router.window = 1
    router.save(update_fields=["window"])
    radius_router.delay = 0.05
    crowd(50, router, radius_router)
    with delivering():
        switch_everybody(False)
        until(lambda: len(radius_router.told) >= 5)
        switch_everybody(True)
        on_at = time.time()
        until(lambda: not NetworkIntent.objects.exclude(applied_version__isnull=False).exists())
        until(lambda: all(i.applied_version == i.wanted_version for i in NetworkIntent.objects.all()))
    return sum(at > on_at for at in radius_router.times)


def test_n4_an_off_never_lands_after_a_newer_on(router, radius_router):
    assert pay_while_the_disables_wait(router, radius_router) <= 1
    assert len(radius_router.sessions) >= 10


def test_control_a_worker_that_does_not_look_again_ends_sessions_of_who_has_paid(router, radius_router, monkeypatch):
    monkeypatch.setattr(delivery, "Worker", Stale)
    assert pay_while_the_disables_wait(router, radius_router) > 20


def test_e8_on_and_off_in_quick_turns_end_as_the_last_transaction_said(router, radius_router):
    """Whatever was under way when the wish changed: the router ends in line with the last one."""
    radius_router.delay = 0.01
    anna = subscriber()
    with delivering(workers=2):
        for turn in range(30):
            if not OnlineSession.objects.exists():
                log_in(anna, router, radius_router)
            switch(anna, turn % 2 == 0)
            time.sleep(0.015)  # so that some turns meet a packet on its way
            if not radius_router.sessions:
                OnlineSession.objects.all().delete()
        switch(anna, False)
        until(lambda: is_applied(anna))
    assert radius_router.sessions == {}
    intent = intent_of(anna)
    assert intent.applied_version == intent.wanted_version == AccessState.objects.get(pk=anna.pk).version
    assert timezone.now() - intent.applied_at < timedelta(seconds=20)
