"""Staff and their groups. Who has signed documents is deactivated, never deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from billing.admin.base import NotesActions
from billing.admin.exports import Exported
from billing.admin.lists import FastList
from billing.models import StaffArea
from billing.services import two_step
from billing.services.wording import of_the_books
from billing.words import gettext_lazy

# Its list would show the keys of everybody's second step.
admin.site.unregister([User, Group, TOTPDevice])


class StaffAreaInline(TabularInline):
    """The areas that somebody sees; none stands for all."""

    model = StaffArea
    extra = 0
    verbose_name_plural = gettext_lazy(
        "Areas: without any, all customers are seen; with some, those of these areas only"
    )


@admin.register(User)
class UserAdmin(Exported, FastList, DjangoUserAdmin, NotesActions):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
    )
    sortable_by = ("username", "first_name", "last_name", "email")
    inlines = (StaffAreaInline,)
    actions = ["turn_two_step_off"]

    @admin.action(description=gettext_lazy("Turn two-step sign-in off"), permissions=["change"])
    def turn_two_step_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who has lost the phone and the recovery codes."""
        for user in queryset:
            two_step.turn_off(user)
            with of_the_books():
                self.log_change(request, user, _("Turned two-step sign-in off."))
        messages.success(request, _("Two-step sign-in is off: {map}.").format(map=", ".join(map(str, queryset))))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(Exported, FastList, DjangoGroupAdmin, ModelAdmin):
    sortable_by = ("name",)
    actions = None
