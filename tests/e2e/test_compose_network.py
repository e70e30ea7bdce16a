"""The profile "network" of the compose stack: two workers, and not the scheduler, bring changes to a router.

The tests are steps of one history and run in the order in which they stand here.
"""

import json

import pytest

from tests.e2e.engine import runs
from tests.e2e.engine.stack import BUILD_SECONDS, poll
from tests.network.fake_radius import SECRET, FakeRadiusRouter

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

SUBSCRIBE = """
from datetime import timedelta
from decimal import Decimal
from django.db import connection
from django.utils import timezone
from billing.models import Plan, Router
from billing.services import customers, subscriptions
from billing.services.network import policy, sealing
then = timezone.now() - timedelta(days=45)
policy.follow()
Router.objects.create(
    name="Here", kind="radius", address="{address}", coa_port={port}, secret_sealed=sealing.seal("{secret}"))
plan = Plan.objects.create(name="Fibre 100", price=Decimal("25.00"), download_kbps=100000, upload_kbps=20000)
customer = customers.register(name="Nora", code="E2E-3", now=then)
for login in ("nora-1", "nora-2", "nora-3"):
    subscriptions.open_subscription(customer=customer, plan=plan, login=login, starts_on=then.date(), now=then)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT radius.accounting('Start', 'u-' || login, 's-' || login, login, %s, %s, '', '', '', '0', '', '', "
            "'', '', class, '') FROM radius.policy WHERE login = %s", ["{address}", "{address}", login])
"""
BILL = """
from datetime import timedelta
from django.utils import timezone
from billing.models import Subscription
from billing.services import bills
then = timezone.now() - timedelta(days=45)
bills.issue_period(subscription=Subscription.objects.get(login="nora-1"), start=then.date(), now=then)
"""
DISABLE = """
from django.utils import timezone
from billing.models import Subscription
from billing.services import access
access.disable(subscription=Subscription.objects.get(login="{login}"), now=timezone.now())
"""
NOT_APPLIED = "SELECT count(*) FROM billing_networkintent WHERE applied_version IS DISTINCT FROM wanted_version"


@pytest.fixture(scope="module")
def router(stack):
    """A router on this machine, at the address by which containers reach it: there is a network once they are up."""
    network = f"{stack.environment['COMPOSE_PROJECT_NAME']}_default"
    address = json.loads(stack.docker("network", "inspect", network))[0]["IPAM"]["Config"][0]["Gateway"]
    fake = FakeRadiusRouter(address)
    yield fake
    fake.close()


def told(router):
    return [login for _, login in router.told]


def is_over(stack, router, login):
    return f"s-{login}" not in router.sessions and stack.sql(NOT_APPLIED) == ["0"]


def test_one_command_brings_two_workers_up(stack, say):
    say("docker-compose --profile network up -d --scale network=2 (builds the image)")
    stack.environment["DELIVERY_CRON"] = "0 0 1 1 *"  # the scheduler's own delivery rests: workers do it
    stack.compose("--profile", "network", "up", "-d", "--scale", "network=2", seconds=BUILD_SECONDS)
    stack.wait_until_healthy()
    poll(lambda: stack.health("network") == {"healthy"}, seconds=60, what="network healthy")
    assert len(stack.containers("network")) == 2


def test_who_is_disabled_by_the_scheduler_is_offline_by_a_worker(stack, router, say):
    stack.python(SUBSCRIBE.format(address=router.address, port=router.port, secret=SECRET.decode()))
    for login in ("nora-1", "nora-2", "nora-3"):
        router.log_in(login, session_id=f"s-{login}")
    say("waiting until the scheduler disables an overdue subscriber")
    stack.python(BILL)
    poll(lambda: is_over(stack, router, "nora-1"), seconds=runs.A_TICK, what="session ended")
    assert told(router) == ["nora-1"]  # two workers, one packet
    assert set(router.sessions) == {"s-nora-2", "s-nora-3"}
    assert "Bring changes to the routers" not in " ".join(
        text for _, text in stack.log("scheduler") if "Running" in text
    )


def test_one_worker_that_is_killed_is_not_missed(stack, router):
    stack.docker("kill", stack.ids("network")[0])
    stack.python(DISABLE.format(login="nora-2"))
    poll(lambda: is_over(stack, router, "nora-2"), seconds=40, what="session ended")
    assert told(router) == ["nora-1", "nora-2"]


def test_workers_survive_a_restart_of_the_database(stack, router, say):
    say("restarting the database")
    stack.compose("restart", "db")
    stack.wait_until_healthy()
    stack.python(DISABLE.format(login="nora-3"))
    poll(lambda: is_over(stack, router, "nora-3"), seconds=60, what="session ended")
    assert told(router)[-1] == "nora-3" and not router.sessions


def test_they_stop_at_once_and_without_error(stack):
    stack.compose("--profile", "network", "up", "-d", "--scale", "network=2")  # the killed one, too
    poll(lambda: stack.health("network") == {"healthy"}, seconds=60, what="network healthy")
    stack.compose("--profile", "network", "stop", "network")
    assert {one["State"]["ExitCode"] for one in stack.containers("network")} == {0}
