"""From what the router reports to a slower session or none, with the real scheduler (rule E6, decision 52)."""

import pytest
from django.utils import timezone

from billing.models import DataUse
from billing.services.network import policy
from tests.builders import access_of
from tests.jobs.conftest import start  # noqa: F401  (a fixture)
from tests.jobs.notes import until
from tests.network.billing_side import class_of, log_in
from tests.services.network.situations import account, policy_of
from tests.services.network.usage_of import GARDEN, is_blocked, make_capped_subscription
from utils.background_tasks import TIMETABLE
from utils.scheduler import requests

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

NEVER = "0 0 1 1 *"


def run_now(job_id):
    requests.ask_run(job_id, timetable=TIMETABLE, by=None, now=timezone.now())


def report(session, gigabytes):
    """What the router tells of a session after ten minutes."""
    packet = {"unique_id": session.unique_id, "session_id": session.session_id, "class": session.policy_class}
    account(
        kind="Interim-Update",
        login=session.login,
        router=session.router.address,
        seconds=600,
        output_octets=round(gigabytes * 10**9) % 2**32,
        output_gigawords=round(gigabytes * 10**9) // 2**32,
        **packet,
    )


def test_e6_the_scheduler_counts_what_routers_report_and_has_them_told(start, router, radius_router):  # noqa: F811
    policy.follow()
    slower, blocked, within = (
        make_capped_subscription(5),
        make_capped_subscription(5, GARDEN),
        make_capped_subscription(5),
    )
    before = class_of(slower)
    for subscription, gigabytes in ((slower, 5), (blocked, 6.5), (within, 4.9)):
        report(log_in(subscription, router, radius_router), gigabytes)
    process = start("run_scheduler.py", NETWORK_KEY="k" * 40, USAGE_CRON=NEVER, RECONCILE_CRON=NEVER)
    process.wait_for("Scheduler started successfully!")
    for job_id in ("deliver_network", "count_usage"):
        run_now(job_id)
    process.wait_for("Use of 3 subscriptions counted: 1 blocked, 0 unblocked, 0 left to the next run, 0 set aside")
    until(lambda: len(radius_router.told) == 2)
    assert set(radius_router.told) == {("disconnect", slower.login), ("disconnect", blocked.login)}
    assert class_of(slower) != before and policy_of(slower)["down_kbps"] == 512
    assert is_blocked(blocked) and not access_of(blocked).is_on and policy_of(blocked)["state"] == "garden"
    used = dict(DataUse.objects.values_list("subscription", "used_bytes"))
    assert used == {slower.pk: 5 * 10**9, blocked.pk: 6_500_000_000, within.pk: 4_900_000_000}
