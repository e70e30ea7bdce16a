"""Days on which nobody is cut (rule E10)."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.admin.base import BillingAdmin
from billing.admin.formatting import day
from billing.models import Holiday


class HolidayForm(forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ("day", "name", "yearly")

    def clean(self) -> None:
        """Refuse a day that comes again with a yearly holiday, or that a yearly one would come again on."""
        super().clean()
        on = self.cleaned_data.get("day")
        if on is None:
            return
        same = Q(day__month=on.month, day__day=on.day)
        if not self.cleaned_data.get("yearly"):
            same &= Q(yearly=True)
        other = Holiday.objects.filter(same).exclude(pk=self.instance.pk).exclude(day=on).first()
        if other:
            which = (
                _("every year since {day}").format(day=day(other.day))
                if other.yearly
                else _("on {day} alone").format(day=day(other.day))
            )
            raise ValidationError(
                _("“{other}” is a holiday {which} already. Change or delete that one instead.").format(
                    other=other, which=which
                )
            )


@admin.register(Holiday)
class HolidayAdmin(BillingAdmin):
    form = HolidayForm
    list_display = ("day", "name", "yearly")
    list_display_links = ("day", "name")
    list_filter = ("yearly",)
    sortable_by = ("day", "name")
    search_fields = ("name",)
    fields = (("day", "name"), "yearly")
