"""The number series of bills, receipts and customers: to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils import timezone

from billing.admin.base import ReadOnlyAdmin
from billing.models import NumberSeries
from billing.services import clock
from billing.words import gettext_lazy as _


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnlyAdmin):
    list_display = ("key", "prefix", "digits", "last_value", "next_number")

    @display(description=_("next number"))
    def next_number(self, series: NumberSeries) -> str:
        return series.formatted(series.last_value + 1, clock.local_date(timezone.now()))
