"""Rows that others point to are kept: say so, instead of listing a million of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.base import BillingAdmin


class DeletedUnlessUsed(BillingAdmin):
    """Deletes a row only while nothing names it; ``used_by`` is the relation that may."""

    used_by = ""
    instead = ""

    def users_of(self, row: Any) -> str:
        """What names the row, in a word; empty when nothing does."""
        users = getattr(type(row), self.used_by).rel.related_model._meta.verbose_name_plural
        return str(users) if getattr(row, self.used_by).exists() else ""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        may = row is not None and self.has_delete_permission(request, row)
        if may and (users := self.users_of(row)):
            messages.error(
                request,
                _("{row} has {users} and cannot be deleted. {instead}").format(
                    row=row, users=users, instead=self.instead
                ),
            )
            return redirect(formatting.page_of(row))
        return super().delete_view(request, object_id, extra_context)
