"""The one judgement of how the scheduler is, for pages, commands, health checks, metrics and alarms.

A job is late when a place in its rhythm has passed, and the one after it more than a minute ago, and it has not
succeeded since. A paused job is not late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from apscheduler.triggers.cron import CronTrigger
from django.utils.translation import gettext as _

from utils.monitoring import words
from utils.monitoring.facts import Fact, gather
from utils.scheduler import slots
from utils.scheduler.jobs import Job

SILENCE = timedelta(seconds=60)  # without a leader, then nobody leads; a deploy and a takeover take less
TOLERANCE = timedelta(seconds=60)  # after the second missing run
START_UP = timedelta(minutes=5)  # that a new installation has to start its first scheduler

State = Literal["late", "paused", "running", "failing", "new", "on time"]
FAILURES = ("failed", "interrupted")


@dataclass(frozen=True)
class JobStatus:
    """How a job is. ``due_since`` is the first missing run of a late one, ``paused`` has who paused it as its row."""

    id: str
    name: str
    cron: str
    next_run: datetime | None
    last_success: Fact | None
    last_failure: Fact | None
    running: Fact | None
    paused: Fact | None
    waiting: tuple[Fact, ...]
    due_since: datetime | None

    @property
    def schedule(self) -> str:
        return words.schedule(self.cron)

    @property
    def is_failing(self) -> bool:
        """Whether the run that ended last did not succeed."""
        if self.last_failure is None:
            return False
        return self.last_success is None or _ended(self.last_failure) > _ended(self.last_success)

    @property
    def problem(self) -> str:
        """What is wrong when it is late, and what to do; empty when it is not."""
        if self.due_since is None:
            return ""
        running = (
            _("It has been running since {local}. ").format(local=words.local(self.running.at)) if self.running else ""
        )
        return _(
            "“{name}” is late: it was to run at {local} and has not succeeded since. "
            "{running}Look at its last error on the page “Scheduler” of the admin and at the scheduler's log."
        ).format(name=self.name, local=words.local(self.due_since), running=running)

    @property
    def state(self) -> State:
        """What matters most about it."""
        if self.due_since:
            return "late"
        if self.paused:
            return "paused"
        if self.running:
            return "running"
        if self.is_failing:
            return "failing"
        return "on time" if self.last_success else "new"


@dataclass(frozen=True)
class SchedulerStatus:
    """How the scheduler is at ``now``; ``problems`` say what is wrong and what to do, none when all is well."""

    now: datetime
    leader: Fact | None
    heard_at: datetime | None
    standbys: tuple[Fact, ...]
    jobs: tuple[JobStatus, ...]
    alarms: tuple[Fact, ...]
    is_starting: bool
    problems: tuple[str, ...]

    @property
    def is_stale(self) -> bool:
        return bool(self.problems)

    @property
    def heartbeat_age(self) -> timedelta | None:
        """Since when no leader was heard of; None when there never was one."""
        return max(self.now - self.heard_at, timedelta(0)) if self.heard_at else None


def current(timetable: Sequence[Job], now: datetime) -> SchedulerStatus:
    """How the scheduler is, by one query. Raises DatabaseError while the database does not answer."""
    return judge(timetable, gather(job.id for job in timetable), now)


def judge(timetable: Iterable[Job], facts: Sequence[Fact], now: datetime) -> SchedulerStatus:
    """The judgement itself; asks nothing."""

    def alive(role: str) -> list[Fact]:
        found = [fact for fact in facts if fact.kind == role and now - _ended(fact) <= SILENCE]
        return sorted(found, key=_ended, reverse=True)

    leader = next(iter(alive("leader")), None)
    heard_at = max((_ended(fact) for fact in facts if fact.kind in ("leader", "stopped")), default=None)
    standbys = tuple(alive("standby"))
    jobs = tuple(_job(job, facts, leader, now) for job in timetable)
    installed_at = min((fact.at for fact in facts if fact.kind == "installed"), default=now)
    is_starting = leader is None and now <= (heard_at + SILENCE if heard_at else installed_at + START_UP)
    missing = [] if leader or is_starting else [_no_leader(heard_at, standbys, now)]
    return SchedulerStatus(
        now=now,
        leader=leader,
        heard_at=heard_at,
        standbys=standbys,
        jobs=jobs,
        alarms=tuple(sorted((fact for fact in facts if fact.kind == "alarm"), key=lambda fact: fact.at)),
        is_starting=is_starting,
        problems=(*missing, *(job.problem for job in jobs if job.problem)),
    )


def _job(job: Job, facts: Sequence[Fact], leader: Fact | None, now: datetime) -> JobStatus:
    of_job = [fact for fact in facts if fact.about == job.id]

    def one(*kinds: str) -> Fact | None:
        return next((fact for fact in of_job if fact.kind in kinds), None)

    success, planned, paused = one("succeeded"), one("next"), one("paused")
    known = [_ended(fact) for fact in (success, one("rhythm")) if fact]
    if not known and leader:  # it is older than the timetable and does not know the job
        known = [leader.at]
    since = max(known, default=None)
    return JobStatus(
        id=job.id,
        name=job.name,
        cron=job.cron,
        next_run=planned.at if planned and not paused else None,
        last_success=success,
        last_failure=one(*FAILURES),
        running=one("running") if leader else None,
        paused=paused,
        waiting=tuple(fact for fact in of_job if fact.kind == "request"),
        due_since=missing_since(job.trigger(), since, now) if since and not paused else None,
    )


def missing_since(trigger: CronTrigger, since: datetime, now: datetime) -> datetime | None:
    """The first run that was to be after ``since``, if it and the one after it are missing at ``now``."""
    first = slots.after(trigger, since)
    second = first and slots.after(trigger, first)
    return first if second and now > second + TOLERANCE else None


def _ended(fact: Fact) -> datetime:
    return fact.until or fact.at


def _no_leader(heard_at: datetime | None, standbys: Sequence[Fact], now: datetime) -> str:
    heard = (
        _("the last one was heard of {span} ago").format(span=words.span(now - heard_at))
        if heard_at
        else _("none was ever heard of")
    )
    if standbys:
        return _("No scheduler leads ({standbys} on standby): {heard}. Look at the logs of those on standby.").format(
            standbys=len(standbys), heard=heard
        )
    return _(
        "No scheduler leads: {heard}. Start it with “docker-compose up -d scheduler”; "
        "“docker-compose logs scheduler” tells why it ended."
    ).format(heard=heard)
