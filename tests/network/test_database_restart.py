"""PostgreSQL restarted under a delivery worker: it comes back by itself, and nothing is lost (rules N1, N4, S6)."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.database_places import ROOT, query
from tests.jobs.notes import until
from tests.jobs.processes import Process
from tests.network.fake_radius import Online

KEY = "k" * 40
SUBSCRIBERS = 120
PREPARE = """
import json, sys
from tests.network import crowds
from tests.network.billing_side import make_router
from billing.services.network import policy

class Fake:
    sessions = {{}}

policy.follow()
router = make_router(address="{address}", coa_port={port}, window=2)
print(json.dumps(crowds.crowd({size}, router, Fake)))
"""
NOT_APPLIED = "SELECT count(*) FROM billing_networkintent WHERE applied_version IS DISTINCT FROM wanted_version"
SWITCH = """
    UPDATE billing_accessstate state SET is_on = false, version = version + 1 FROM billing_onlinesession session
    WHERE session.subscription_id = state.subscription_id AND login {which}
"""


def crowd(url, radius_router):
    """Subscribers that are online at the router, in a database of their own; their logins."""
    code = PREPARE.format(address=radius_router.address, port=radius_router.port, size=SUBSCRIBERS)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code], cwd=ROOT, text=True, capture_output=True, check=True,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "DEMO": "1", "NETWORK_KEY": KEY},
    )  # fmt: skip
    logins = json.loads(done.stdout)
    radius_router.sessions.update({f"s-{login}": Online(login) for login in logins})
    return logins


@pytest.mark.heavy
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_in_the_middle_loses_nothing_and_is_survived(cluster, radius_router, how):
    url = cluster.copy(f"restart_{how}")
    last, *others = crowd(url, radius_router)
    radius_router.delay = 0.01
    worker = Process("manage.py", "deliver_network", DATABASE_URL=url, NETWORK_KEY=KEY)
    try:
        worker.wait_for("Delivering to the routers")
        query(url, SWITCH.format(which=f"<> '{last}'"))
        until(lambda: len(radius_router.told) > 20)
        cluster.restart(how)
        assert set(radius_router.sessions) > {f"s-{last}"}, "it was over before the restart"
        until(lambda: set(radius_router.sessions) == {f"s-{last}"}, 60)
        until(lambda: query(url, NOT_APPLIED) == 0, 60)
        assert {login for _, login in radius_router.told} == set(others)
        query(url, SWITCH.format(which=f"= '{last}'"))  # it listens again
        until(lambda: not radius_router.sessions, 10)
        until(lambda: query(url, NOT_APPLIED) == 0, 10)
        assert "Traceback" not in worker.output
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0
    finally:
        worker.kill()


@pytest.mark.heavy
def test_what_is_decided_while_the_worker_has_no_database_is_brought_when_it_is_back(cluster, radius_router):
    url = cluster.copy("decided")
    logins = crowd(url, radius_router)
    worker = Process("manage.py", "deliver_network", DATABASE_URL=url, NETWORK_KEY=KEY)
    try:
        worker.wait_for("Delivering to the routers")
        with cluster.stopped():
            assert radius_router.told == []
        query(url, SWITCH.format(which="IS NOT NULL"))
        until(lambda: not radius_router.sessions, 60)
        until(lambda: query(url, NOT_APPLIED) == 0, 30)
        assert sorted(login for _, login in radius_router.told) == sorted(logins)
    finally:
        worker.kill()
