"""Keeps the plan in line with the timetable of the code, with what ran, and with what staff paused."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from utils.models import PausedJob
from utils.scheduler import ledger, rhythms, slots, tables
from utils.scheduler.executor import SlotExecutor
from utils.scheduler.jobs import Job
from utils.scheduler.leader import Leadership
from utils.scheduler.ledger import Work
from utils.scheduler.loop import Plan
from utils.scheduler.slots import Past

logger = logging.getLogger(__name__)


class Planner:
    """Decides when each job comes next; carries out what staff ask for."""

    def __init__(self, timetable: Iterable[Job], plan: Plan, executor: SlotExecutor, leadership: Leadership) -> None:
        self._jobs = {job.id: job for job in timetable}
        self._leadership = leadership
        self._plan = plan
        self._executor = executor

    def set_up(self) -> None:
        """Plan the jobs of the timetable from what is known of their past: what was missed is due at once."""
        now, stored, paused = datetime.now(UTC), tables.stored_times(), _paused()
        ledger.give_back_the_future(now)
        changed = rhythms.note(self._jobs.values(), now=now)
        self._plan.open()
        for job in self._jobs.values():
            past = replace(ledger.past(job.id), stored=stored.get(job.id))
            if job.id in changed and not past.again:
                past = Past()
            self._plan.put(job, None if job.id in paused else slots.first_due(job.trigger(), past, now))
            logger.info('Added job "%s"', job.name)

    def reconcile(self) -> None:
        """Correct the plan where it is not what it must be: after the clock was set, or a pause edited by hand."""
        ledger.give_back_the_future(datetime.now(UTC))
        paused = _paused()
        for job in self._jobs.values():
            due, now = self._plan.due(job.id), datetime.now(UTC)  # in this order: meanwhile the loop may go on
            if job.id in paused and due:
                self.pause(job.id)
            elif job.id not in paused and _is_too_late(job, due, now):
                self._plan.put(job, slots.first_due(job.trigger(), ledger.past(job.id), now))

    def show(self, *, anyway: bool = False) -> bool:
        """Let the job table say what is planned; False when it cannot be written now."""
        return tables.park_unknown(self.known) and tables.follow_plan(self._plan.jobs(), anyway=anyway)

    @property
    def known(self) -> frozenset[str]:
        """The ids of the timetable."""
        return frozenset(self._jobs)

    def leads(self) -> bool:
        return self._leadership.is_held()

    def knows(self, job_id: str) -> bool:
        return job_id in self._jobs

    def run_now(self, work: Work) -> bool:
        return self._executor.ask(work)

    def pause(self, job_id: str) -> None:
        self._plan.put(self._jobs[job_id], None)
        self._executor.forget(job_id)

    def resume(self, job_id: str, since: datetime) -> None:
        job = self._jobs[job_id]
        trigger = job.trigger()
        past = Past(stored=slots.at_or_after(trigger, since))
        self._plan.put(job, slots.first_due(trigger, past, datetime.now(UTC)))


def _is_too_late(job: Job, due: datetime | None, now: datetime) -> bool:
    coming = slots.after(job.trigger(), now)
    return coming is not None and (due is None or due > coming)


def _paused() -> set[str]:
    return set(PausedJob.objects.values_list("job_id", flat=True))
