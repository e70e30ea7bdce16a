"""What staff may ask of the leader: to run a job now, to pause it, to resume it. Nothing here runs a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.services import audit
from billing.services.wording import of_the_books
from billing.words import gettext_lazy
from utils.background_tasks import TIMETABLE
from utils.models import JobRequest
from utils.monitoring import status
from utils.monitoring.status import JobStatus
from utils.scheduler import requests
from utils.scheduler.requests import RequestRefused

NAMES = {job.id: job.name for job in TIMETABLE}


@dataclass(frozen=True)
class Kind:
    """One thing to ask for: its button, who may, and what the message says of it."""

    title: str
    permission: str
    ask: Callable[..., JobRequest]
    told: str


KINDS = {
    "run": Kind(gettext_lazy("Run now"), "utils.run_job", requests.ask_run, gettext_lazy("“{}” is to run now.")),
    "pause": Kind(
        gettext_lazy("Pause"),
        "utils.pause_job",
        requests.ask_pause,
        gettext_lazy("“{}” is to run no more until it is resumed."),
    ),
    "resume": Kind(
        gettext_lazy("Resume"),
        "utils.pause_job",
        requests.ask_resume,
        gettext_lazy("“{}” is to run in its rhythm again."),
    ),
}


class RequestForm(forms.Form):
    request_key = forms.UUIDField()


@dataclass(frozen=True)
class Button:
    title: str
    address: str
    key: UUID


def may_ask(request: HttpRequest) -> bool:
    """Whether this member of staff may ask for anything."""
    return any(request.user.has_perm(kind.permission) for kind in KINDS.values())


def buttons(request: HttpRequest, job: JobStatus) -> str:
    """The buttons of a job that this member of staff may use; each form makes one request, however often it is sent."""
    offered = ["run", "resume" if job.paused else "pause"]
    shown = [
        Button(kind.title, reverse("ask_scheduler", args=[job.id, name]), uuid4())
        for name in offered
        if request.user.has_perm((kind := KINDS[name]).permission)
    ]
    return render_to_string("billing/job_buttons.html", {"buttons": shown, "job": job}, request)


@require_POST
def ask(request: HttpRequest, job_id: str, kind: str) -> HttpResponse:
    """Write the request for the leader, and tell whether one is there."""
    if kind not in KINDS or job_id not in NAMES:
        raise Http404
    if not request.user.has_perms([KINDS[kind].permission, "utils.view_jobrun"]):
        raise PermissionDenied
    form, now = RequestForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, _("The form was not complete, and nothing was asked. Try again on this page."))
        return redirect("scheduler")
    try:
        key = form.cleaned_data["request_key"]
        asked = KINDS[kind].ask(job_id, timetable=TIMETABLE, by=request.user, now=now, request_key=key)
    except RequestRefused as refused:
        messages.error(request, str(refused))
        return redirect("scheduler")
    if asked.asked_at == now:
        _record(request, asked)
    _tell(request, asked, is_theirs=asked.request_key == key)
    return redirect("scheduler")


def _record(request: HttpRequest, asked: JobRequest) -> None:
    user: Any = request.user
    with of_the_books():
        text = _("Asked the scheduler: {kinds}, {job_id}.").format(kinds=KINDS[asked.kind].title, job_id=asked.job_id)
        LogEntry.objects.log_actions(user.pk, [asked], ADDITION, text, single_object=True)
        audit.note(asked, text)


def _tell(request: HttpRequest, asked: JobRequest, *, is_theirs: bool) -> None:
    text = KINDS[asked.kind].told.format(_(NAMES[asked.job_id]))
    if not is_theirs:
        text = _("That was asked for already, by {asked_by}, and waits.").format(asked_by=asked.asked_by)
    if status.current(TIMETABLE, timezone.now()).leader is None:
        messages.warning(
            request, _("{text} No scheduler leads at the moment: it happens when one does.").format(text=text)
        )
    else:
        messages.success(
            request,
            _("{text} The scheduler acts on it within seconds; load the page again to see it.").format(text=text),
        )
