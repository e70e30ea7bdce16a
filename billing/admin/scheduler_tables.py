"""What the scheduler did, who acts, what staff asked of it and what alarms: to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import DateFilter
from billing.admin.formatting import NONE, instant
from billing.admin.panels import Panel, columns
from billing.admin.scheduler_charts import seconds
from billing.words import gettext_lazy
from utils.models import Alarm, AlarmNotice, Instance, JobRequest, JobRun

COLOURS = {"succeeded": "success", "running": "info", "interrupted": "warning", "failed": "danger"}
NOTICE_HEADS = columns(
    "Channel",
    "Of its",
    "Sent",
    "Tries",
    "Next try",
    "Error",
)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "job_id", "slot", "outcome", "started_at", "took", "rows", "asked")
    list_filter = ("result", "asked", ("started_at", DateFilter))
    search_fields = ("job_id",)
    fields = (
        ("job_id", "slot"),
        ("outcome", "asked"),
        ("started_at", "ended_at"),
        ("took", "rows"),
        "instance",
        "error",
    )
    readonly_fields = ("outcome", "took")

    @display(description=gettext_lazy("result"))
    def outcome(self, run: JobRun) -> SafeString:
        return formatting.label(run.get_result_display(), COLOURS.get(run.result, ""))

    @display(description=gettext_lazy("took"))
    def took(self, run: JobRun) -> str:
        return seconds((run.ended_at - run.started_at).total_seconds()) if run.ended_at else NONE


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ("name", "role", "started_at", "seen_at")
    list_filter = ("role",)
    search_fields = ("name",)
    fields = ("name", "role", "started_at", "seen_at", "loop_at")


@admin.register(JobRequest)
class JobRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "job_id", "kind", "asked_at", "asked_by", "done_at", "outcome")
    list_filter = ("kind", ("asked_at", DateFilter))
    list_select_related = ("asked_by",)
    search_fields = ("job_id",)
    fields = (("job_id", "kind"), ("asked_at", "asked_by"), ("done_at", "outcome"))


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("text", "began_at", "ended_at", "key")
    list_filter = (("began_at", DateFilter),)
    search_fields = ("key", "text")
    fields = ("text", "key", ("began_at", "ended_at"))

    def panels(self, request: HttpRequest, row: Alarm) -> list[Panel]:
        notices = [_cells(notice) for notice in row.notices.order_by("pk")]
        return [Panel(_("Notices"), NOTICE_HEADS, notices, empty=_("None but the line in the log."))]


def _cells(notice: AlarmNotice) -> tuple[object, ...]:
    return (
        notice.get_channel_display(),
        _("end") if notice.is_end else _("beginning"),
        instant(notice.sent_at),
        notice.tries,
        NONE if notice.sent_at else instant(notice.next_try_at),
        notice.error or NONE,
    )
