"""How the scheduler is: who leads, how each job is, what alarms. Staff may ask the leader to run or pause a job.

Everything is read from the database, so the page works while no scheduler runs; what is asked waits until one leads.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from billing.admin import job_requests
from billing.admin.action_pages import Facts
from billing.admin.formatting import NONE, instant, label, link, list_of
from billing.admin.pages import page_of
from billing.admin.panels import Column, Panel, columns
from billing.admin.scheduler_charts import durations
from billing.words import gettext_noop
from utils.background_tasks import TIMETABLE
from utils.models import Alarm, JobRun
from utils.monitoring import facts, status, words
from utils.monitoring.facts import Fact
from utils.monitoring.status import JobStatus, SchedulerStatus

NEEDED = "utils.view_jobrun"
CHARTED = 30  # runs
ERROR_LENGTH = 120  # characters of it in the table
COLOURS = {
    gettext_noop("late"): "danger", gettext_noop("failing"): "danger", gettext_noop("paused"): "warning",
    gettext_noop("running"): "info", gettext_noop("on time"): "success",
}  # fmt: skip
HEADS = columns(
    "Job",
    "Schedule",
    "State",
    "Last success",
    "Last error",
    "Next run",
    "How long it took",
)
ALARM_HEADS = columns("Since", "Alarm")


def address() -> str:
    return reverse("scheduler")


def may_see(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(NEEDED))


def scheduler(request: HttpRequest) -> HttpResponse:
    """The page."""
    if not may_see(request):
        raise PermissionDenied
    found = status.current(TIMETABLE, timezone.now())
    return page_of(
        request,
        title=_("Scheduler"),
        scheduler_banner=(),  # the warnings say the same, and of this moment
        warnings=found.problems,
        facts=_facts(found),
        panels=[*_alarms(request, found), _jobs(request, found)],
    )


def _facts(found: SchedulerStatus) -> Facts:
    leader = (
        _("{about}, since {at}").format(about=found.leader.about, at=instant(found.leader.at))
        if found.leader
        else label(_("none"), "danger")
    )
    age = found.heartbeat_age
    return [
        (_("Leader"), leader),
        (_("Last heard of"), _("never") if age is None else _("{span} ago").format(span=words.span(age))),
        (_("On standby"), ", ".join(standby.about for standby in found.standbys) or _("none")),
        (
            _("Times"),
            _("in the zone {time_zone}; as of {now}").format(time_zone=settings.TIME_ZONE, now=instant(found.now)),
        ),
    ]


def _alarms(request: HttpRequest, found: SchedulerStatus) -> list[Panel]:
    if not (found.alarms and request.user.has_perm("utils.view_alarm")):
        return []
    rows = [(instant(alarm.at), link(Alarm(pk=alarm.row), alarm.text)) for alarm in found.alarms]
    return [Panel(_("Open alarms"), ALARM_HEADS, rows, more=list_of(Alarm))]


def _jobs(request: HttpRequest, found: SchedulerStatus) -> Panel:
    runs = facts.recent((job.id for job in found.jobs), most=CHARTED)
    who = get_user_model().objects.in_bulk({job.paused.row for job in found.jobs if job.paused and job.paused.row})
    rows = [_row(job, runs.get(job.id, []), who) for job in found.jobs]
    if not job_requests.may_ask(request):
        return Panel(_("Jobs"), HEADS, rows, more=list_of(JobRun))
    asking = [(*row, job_requests.buttons(request, job)) for row, job in zip(rows, found.jobs, strict=True)]
    return Panel(_("Jobs"), (*HEADS, Column(_("Ask for"))), asking, more=list_of(JobRun))


def _row(job: JobStatus, runs: list[Fact], who: dict[int, Any]) -> tuple[object, ...]:
    return (
        format_html('{}<br><span class="text-subtle">{}</span>', _(job.name), job.id),
        job.schedule,
        _state(job, who),
        _ended(job.last_success),
        _error(job.last_failure),
        instant(job.next_run),
        durations(runs),
    )


def _state(job: JobStatus, who: dict[int, Any]) -> str:
    """What matters most, then what else is so, each in words as well as in colour."""
    notes = []
    if job.due_since:
        notes.append(_("missing since {due_since}").format(due_since=instant(job.due_since)))
    if job.paused:
        by = who.get(job.paused.row or 0)
        notes.append(
            _("paused since {at}").format(at=instant(job.paused.at)) + (_(" by {by}").format(by=by) if by else "")
        )
    if job.running:
        notes.append(_("running since {at}").format(at=instant(job.running.at)))
    notes += [
        _("asked to {waiting} at {at}, waits for the leader").format(waiting=waiting.text, at=instant(waiting.at))
        for waiting in job.waiting
    ]
    lines = format_html_join("", "<br>{}", ((note,) for note in notes))
    return format_html("{}{}", label(_(job.state), COLOURS.get(job.state, "")), lines)


def _ended(run: Fact | None) -> str:
    return link(JobRun(pk=run.row), instant(run.until)) if run else NONE


def _error(run: Fact | None) -> str:
    if run is None:
        return NONE
    text = run.text or run.kind
    return format_html("{}<br>{}", _ended(run), text if len(text) <= ERROR_LENGTH else f"{text[:ERROR_LENGTH]}…")
