"""The staff's pages that are no list of a table."""

from django.contrib import admin
from django.urls import path

from billing.admin.cash import my_shift
from billing.admin.counter import counter, matches
from billing.admin.imports import begin_import, cancel_import, import_errors, import_file, imports
from billing.admin.job_requests import ask
from billing.admin.own_sessions import own_sessions
from billing.admin.print_bills import cancel_print, print_bills, print_file
from billing.admin.report_pages import REPORTS
from billing.admin.rules_in_force import rules_in_force
from billing.admin.scheduler_page import scheduler
from billing.admin.two_step import enter, set_up
from billing.admin.who_will_be_cut import who_will_be_cut

urlpatterns = [
    path("counter/", admin.site.admin_view(counter), name="counter"),
    path("counter/matches/", admin.site.admin_view(matches), name="counter_matches"),
    path("my-shift/", admin.site.admin_view(my_shift), name="my_shift"),
    path("own-sessions/", admin.site.admin_view(own_sessions), name="own_sessions"),
    path("two-step/", admin.site.admin_view(enter), name="two_step"),
    path("two-step/set-up/", admin.site.admin_view(set_up), name="two_step_set_up"),
    path("who-will-be-cut/", admin.site.admin_view(who_will_be_cut), name="who_will_be_cut"),
    path("print-bills/", admin.site.admin_view(print_bills), name="print_bills"),
    path("print-bills/<int:pk>/file/", admin.site.admin_view(print_file), name="print_file"),
    path("print-bills/<int:pk>/cancel/", admin.site.admin_view(cancel_print), name="cancel_print"),
    path("imports/", admin.site.admin_view(imports), name="imports"),
    path("imports/<int:pk>/", admin.site.admin_view(import_file), name="import_file"),
    path("imports/<int:pk>/begin/", admin.site.admin_view(begin_import), name="begin_import"),
    path("imports/<int:pk>/cancel/", admin.site.admin_view(cancel_import), name="cancel_import"),
    path("imports/<int:pk>/errors/", admin.site.admin_view(import_errors), name="import_errors"),
    *(path(report.path, admin.site.admin_view(report.page), name=report.name) for report in REPORTS),
    path("rules-in-force/", admin.site.admin_view(rules_in_force), name="rules_in_force"),
    path("scheduler/", admin.site.admin_view(scheduler), name="scheduler"),
    path("scheduler/<slug:job_id>/<slug:kind>/", admin.site.admin_view(ask), name="ask_scheduler"),
]
