"""The page of an action: what will happen, a small form, one button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.forms import AdminForm

from billing.admin import formatting
from billing.admin.base import BillingAdmin


def action_page(
    admin: BillingAdmin,
    request: HttpRequest,
    *,
    row: Model,
    title: str,
    form: forms.Form,
    button: str,
    facts: Sequence[tuple[str, Any]] = (),
) -> HttpResponse:
    """Show ``form`` with the ``facts`` (name, value) above it; ``row`` is where "Cancel" leads."""
    visible = [field.name for field in form.visible_fields()]
    page = AdminForm(form, [(None, {"fields": visible})] if visible else [], {}, model_admin=admin)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "form": form,
        "inline_admin_formsets": [],
        "adminform": page,
        "media": admin.media + form.media,
        "facts": facts,
        "button": button,
        "cancel": formatting.page_of(row),
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "billing/action.html", context)
