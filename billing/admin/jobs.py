"""The scheduler's jobs and what became of their runs: to be looked at only.

Jobs run in the scheduler process alone, so there is no "run now" here. The pickled state of a job
is neither fetched nor shown.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import DateFilter
from billing.words import gettext_lazy as _

admin.site.unregister([DjangoJob, DjangoJobExecution])

COLOURS = {
    DjangoJobExecution.SUCCESS: "success",
    DjangoJobExecution.SENT: "info",
    DjangoJobExecution.MISSED: "warning",
    DjangoJobExecution.MAX_INSTANCES: "warning",
    DjangoJobExecution.ERROR: "danger",
}


@admin.register(DjangoJob)
class DjangoJobAdmin(ReadOnlyAdmin):
    list_display = ("id", "next_run_time")
    ordering = ("id",)
    sortable_by = ("id",)
    search_fields = ("id",)
    fields = ("id", "next_run_time")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DjangoJob]:
        return super().get_queryset(request).defer("job_state")


@admin.register(DjangoJobExecution)
class DjangoJobExecutionAdmin(ReadOnlyAdmin):
    list_display = ("id", "job_name", "result", "run_time", "duration")
    list_filter = ("status", ("run_time", DateFilter))
    ordering = ("-id",)
    search_fields = ("job__id",)
    fields = ("id", "job_name", "result", "run_time", "duration", "exception", "traceback")
    readonly_fields = ("job_name", "result")

    @display(description=_("job"))
    def job_name(self, execution: DjangoJobExecution) -> str:
        return str(execution.job_id)

    @display(description=_("status"))
    def result(self, execution: DjangoJobExecution) -> SafeString:
        return formatting.label(execution.status, COLOURS.get(execution.status, ""))
