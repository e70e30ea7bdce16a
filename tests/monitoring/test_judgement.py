"""The one judgement of late: pure, from facts as the query gives them."""

import pytest

from tests.builders import at
from utils.monitoring.facts import Fact
from utils.monitoring.status import judge, missing_since
from utils.scheduler.jobs import Job

NOW = "2026-03-02T10:03:00"  # a Monday


def job(cron="* * * * *"):
    return Job(id="x", name="Expiry check", function=lambda: None, cron=cron)


def fact(kind, time, until=None, about="x"):
    return Fact(kind, about, at(time), until and at(until), 1, "")


def leader(seen_at=NOW, started_at="2026-03-01"):
    return fact("leader", started_at, seen_at, about="host-1")


def succeeded(ended_at):
    return fact("succeeded", ended_at, ended_at)


def of_job(*facts, cron="* * * * *", now=NOW):
    return judge([job(cron)], facts, at(now)).jobs[0]


def missing(expression, since, now):
    return missing_since(job(expression).trigger(), at(since), at(now))


@pytest.mark.parametrize(
    ("cron", "since", "now", "late_since"),
    [
        ("* * * * *", "2026-03-02T10:00:00.020", "2026-03-02T10:03:00", None),
        ("* * * * *", "2026-03-02T10:00:00.020", "2026-03-02T10:03:00.001", "2026-03-02T10:01"),
        ("0 * * * *", "2026-03-02T10:00:00.020", "2026-03-02T12:01:00", None),
        ("0 * * * *", "2026-03-02T10:00:00.020", "2026-03-02T12:01:01", "2026-03-02T11:00"),
        ("0 0 * * mon", "2026-03-02T00:00:01", "2026-03-16T00:01:00", None),
        ("0 0 * * mon", "2026-03-02T00:00:01", "2026-03-16T00:01:01", "2026-03-09"),
        ("0 0 * * 0", "2026-03-02T00:00:01", "2026-03-15T00:01:01", "2026-03-08"),  # 0 is Sunday
        ("0 0 30 2 *", "2026-03-02", "2099-01-01", None),  # a day that never comes
    ],
)
def test_a_job_is_late_two_periods_and_a_minute_after_its_success(cron, since, now, late_since):
    assert missing(cron, since, now) == (late_since and at(late_since))


def test_the_rhythm_is_that_of_the_installations_zone(settings):
    settings.TIME_ZONE = "Asia/Dhaka"  # midnight there is 18:00 UTC
    success = "2026-03-02T18:00:01"
    assert missing("0 0 * * *", success, "2026-03-04T18:01:00") is None
    assert missing("0 0 * * *", success, "2026-03-04T18:01:01") == at("2026-03-03T18:00")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([succeeded("2026-03-02T10:02")], "on time"),
        ([succeeded("2026-03-02T09:59")], "late"),
        ([succeeded("2026-03-02T09:59"), fact("paused", "2026-03-02T09:59")], "paused"),
        ([succeeded("2026-03-02T10:02"), fact("running", "2026-03-02T10:03")], "running"),
        ([succeeded("2026-03-02T10:02"), fact("failed", "2026-03-02T10:03", "2026-03-02T10:03")], "failing"),
        ([succeeded("2026-03-02T10:02"), fact("failed", "2026-03-02T10:01", "2026-03-02T10:01")], "on time"),
        ([fact("failed", "2026-03-02T10:03", "2026-03-02T10:03"), fact("rhythm", "2026-03-02T10:02")], "failing"),
        ([fact("rhythm", "2026-03-02T10:02")], "new"),
        ([fact("rhythm", "2026-03-02T09:50")], "late"),
        # The rhythm began after the last success: it was changed, or the job was resumed.
        ([succeeded("2026-02-01"), fact("rhythm", "2026-03-02T10:02")], "on time"),
        ([succeeded("2026-03-02T10:02"), fact("rhythm", "2026-02-01")], "on time"),
    ],
)
def test_the_state_of_a_job_follows_from_its_runs_and_its_rhythm(facts, state):
    assert of_job(leader(), *facts).state == state


def test_a_job_that_the_leader_does_not_know_is_late_when_the_leader_is_old_enough():
    assert of_job(leader(started_at="2026-03-02T10:02")).state == "new"
    assert of_job(leader(started_at="2026-03-02T09:00")).state == "late"
    assert of_job().state == "new"


def test_a_run_of_a_dead_leader_is_not_running():
    running = fact("running", "2026-03-02T09:00")
    assert of_job(leader(), running).running
    assert of_job(leader(seen_at="2026-03-02T10:01"), running).running is None


def test_what_is_known_of_another_job_does_not_count():
    other = Fact("succeeded", "y", at("2026-03-02T10:02"), at("2026-03-02T10:02"), 1, "")
    assert of_job(leader(), other, fact("rhythm", "2026-03-02T09:00")).state == "late"


def whole(*facts, now=NOW):
    return judge([job()], [fact("rhythm", now), *facts], at(now))


@pytest.mark.parametrize(
    ("seen_at", "leads"), [("2026-03-02T10:02:00", True), ("2026-03-02T10:01:59", False), ("2026-03-02T10:03:05", True)]
)
def test_a_leader_is_one_that_was_heard_of_within_a_minute(seen_at, leads):
    status = whole(leader(seen_at=seen_at))
    assert (status.leader is not None, status.is_stale) == (leads, not leads)


def test_after_a_takeover_the_new_leader_is_named_and_the_standbys_are_those_alive():
    old, new = leader(seen_at="2026-03-02T10:02:10"), fact("leader", "2026-03-02T10:02", NOW, about="host-2")
    standby = fact("standby", "2026-03-02T10:00", NOW, about="host-3")
    gone = fact("standby", "2026-03-02T10:00", "2026-03-02T10:01", about="host-4")
    status = whole(old, standby, gone, new)
    assert (status.leader.about, [one.about for one in status.standbys]) == ("host-2", ["host-3"])
    assert (status.heartbeat_age.total_seconds(), status.problems) == (0, ())


def test_without_a_leader_it_says_since_when_and_what_to_do():
    [problem] = whole(leader(seen_at="2026-03-02T09:58")).problems
    assert "the last one was heard of 5 minutes ago" in problem
    assert "docker-compose up -d scheduler" in problem
    installed, standby = fact("installed", "2026-03-01", about=""), fact("standby", "2026-03-02", NOW, about="host-3")
    [problem] = whole(installed, standby).problems
    assert "No scheduler leads (1 on standby): none was ever heard of." in problem


def test_a_late_job_says_what_is_missing_and_whether_it_runs():
    problem = of_job(leader(), succeeded("2026-03-02T09:59")).problem
    assert "“Expiry check” is late: it was to run at 2026-03-02 10:00" in problem
    assert "running" not in problem
    running = fact("running", "2026-03-02T10:00")
    assert (
        "It has been running since 2026-03-02 10:00."
        in of_job(leader(), succeeded("2026-03-02T09:59"), running).problem
    )


@pytest.mark.parametrize(("installed", "is_stale"), [("2026-03-02T09:58:00", False), ("2026-03-02T09:57:59", True)])
def test_a_new_installation_has_five_minutes_to_start_its_first_scheduler(installed, is_stale):
    status = judge([job()], [fact("installed", installed, about="")], at(NOW))
    assert (status.is_starting, status.is_stale) == (not is_stale, is_stale)
    assert status.heartbeat_age is None


def test_the_start_up_does_not_excuse_a_scheduler_that_is_gone():
    status = whole(fact("installed", "2026-03-02T10:00", about=""), leader(seen_at="2026-03-02T10:01"))
    assert status.is_stale


@pytest.mark.parametrize(("stopped", "is_stale"), [("2026-03-02T10:02:00", False), ("2026-03-02T10:01:59", True)])
def test_a_leader_that_stopped_has_a_minute_to_be_followed(stopped, is_stale):
    status = whole(fact("stopped", "2026-03-01", stopped, about="host-1"))
    assert status.leader is None
    assert (status.is_starting, status.is_stale) == (not is_stale, is_stale)
