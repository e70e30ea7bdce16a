"""What Prometheus is told. Sums come from the totals that PostgreSQL keeps, so that they never fall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import accumulate

from django.db import DatabaseError, InterfaceError, close_old_connections
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector as PrometheusCollector

from billing.services.network import summary
from billing.services.waiting import Waiting, waiting
from utils import outage
from utils.background_tasks import TIMETABLE
from utils.models import AlarmNotice, JobTotal
from utils.monitoring import status
from utils.monitoring.facts import Fact
from utils.monitoring.status import JobStatus, SchedulerStatus

PREFIX = "isp_billing_"


class Collector(PrometheusCollector):
    """The metrics at ``now``; while the database does not answer, only that."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        try:
            found = list(_all(self._now))
        except (DatabaseError, InterfaceError) as error:
            if outage.explain(error) is None:
                raise
            close_old_connections()
            found = []
        yield _gauge("database_up", "Whether the database answers and is migrated.", bool(found))
        yield from found


def _all(now: datetime) -> Iterator[Metric]:
    found = status.current(TIMETABLE, now)
    yield from _scheduler(found)
    yield from _jobs(found.jobs, now)
    totals = JobTotal.objects.in_bulk([job.id for job in TIMETABLE])
    yield from _totals(totals.get(job.id) or _no_run(job.id) for job in TIMETABLE)
    yield from _business(waiting())
    yield from _network(summary.figures(), now)
    unsent = AlarmNotice.objects.filter(sent_at=None).count()
    yield _gauge("alarm_notices_waiting", "Notices of alarms that are not delivered yet.", unsent)


def _scheduler(found: SchedulerStatus) -> Iterator[Metric]:
    yield _gauge("scheduler_leader", "Whether a scheduler leads.", found.leader is not None)
    yield _gauge("scheduler_standbys", "Schedulers that stand by.", len(found.standbys))
    yield _gauge("scheduler_stale", "Whether no scheduler leads or a job is late: what /healthz says.", found.is_stale)
    if (age := found.heartbeat_age) is not None:
        yield _gauge("scheduler_heartbeat_age_seconds", "Since a leader was heard of last.", age.total_seconds())
    yield _gauge("alarms_open", "Alarms that are not over.", len(found.alarms))


def _jobs(jobs: Iterable[JobStatus], now: datetime) -> Iterator[Metric]:
    success = _of_jobs("job_last_success_timestamp_seconds", "When the last run that succeeded ended.")
    failure = _of_jobs("job_last_failure_timestamp_seconds", "When the last run that failed or was interrupted ended.")
    lateness = _of_jobs("job_lateness_seconds", "Since the first missing run was due; 0 while the job is not late.")
    failing = _of_jobs("job_failing", "Whether the run that ended last did not succeed.")
    running = _of_jobs("job_running", "Whether a run is in progress.")
    paused = _of_jobs("job_paused", "Whether staff paused it.")
    for job in jobs:
        lateness.add_metric([job.id], (now - job.due_since).total_seconds() if job.due_since else 0)
        failing.add_metric([job.id], job.is_failing)
        running.add_metric([job.id], job.running is not None)
        paused.add_metric([job.id], job.paused is not None)
        for family, run in ((success, job.last_success), (failure, job.last_failure)):
            if run is not None:
                family.add_metric([job.id], _ended(run).timestamp())
    yield from (success, failure, lateness, failing, running, paused)


def _totals(totals: Iterable[JobTotal]) -> Iterator[Metric]:
    runs = CounterMetricFamily(f"{PREFIX}job_runs", "Runs that ended, by their result.", labels=["job_id", "result"])
    rows = CounterMetricFamily(f"{PREFIX}job_rows", "Rows that the runs handled.", labels=["job_id"])
    took = HistogramMetricFamily(
        f"{PREFIX}job_duration_seconds", "How long the runs took that were not interrupted.", labels=["job_id"]
    )
    bounds = [*(str(float(bound)) for bound in JobTotal.BOUNDS), "+Inf"]
    for total in totals:
        for result in ("succeeded", "failed", "interrupted"):
            runs.add_metric([total.job_id, result], getattr(total, result))
        rows.add_metric([total.job_id], total.rows)
        buckets = zip(bounds, accumulate(total.durations), strict=True)
        took.add_metric([total.job_id], buckets=list(buckets), sum_value=total.seconds)
    yield from (runs, rows, took)


def _no_run(job_id: str) -> JobTotal:
    durations = [0] * (len(JobTotal.BOUNDS) + 1)
    return JobTotal(job_id=job_id, succeeded=0, failed=0, interrupted=0, rows=0, seconds=0, durations=durations)


def _business(found: Waiting) -> Iterator[Metric]:
    yield _gauge("circuit_breaker_held", "Whether the circuit breaker holds an expiry check.", found.held is not None)
    aside = GaugeMetricFamily(f"{PREFIX}set_aside", "Rows that an error kept from their due.", labels=["kind"])
    aside.add_metric(["unbilled"], found.unbilled)
    aside.add_metric(["failed_change"], found.failed_changes)
    aside.add_metric(["uncut"], found.uncut)
    yield aside


def _network(found: summary.Figures, now: datetime) -> Iterator[Metric]:
    age = (now - found.oldest).total_seconds() if found.oldest else 0
    yield _gauge("network_waiting", "Subscriptions whose change has not reached the network.", found.waiting)
    yield _gauge("network_waiting_age_seconds", "Since the oldest of them was wanted.", max(age, 0))
    yield _gauge("network_held", "Subscriptions left alone after too many disconnects.", found.held)
    yield _gauge("network_findings", "What differs in the network from what is wanted.", found.findings)
    yield _gauge("routers", "Routers in use.", found.routers)
    yield _gauge("routers_failing", "Routers in use that do not answer.", found.routers_failing)
    yield _gauge("sessions_online", "Open sessions of subscribers.", found.sessions)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}{name}", text, value=value)


def _of_jobs(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", text, labels=["job_id"])


def _ended(run: Fact) -> datetime:
    return run.until or run.at
