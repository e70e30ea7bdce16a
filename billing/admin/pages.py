"""A page of the admin that is no list and no row: what it says, perhaps a small form, and tables."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def page_of(request: HttpRequest, *, title: str, **content: Any) -> TemplateResponse:
    """The page; ``content`` may have ``form``, ``warnings``, ``facts``, ``panels`` and ``file``."""
    context = {**admin.site.each_context(request), "title": title, **content}
    request.current_app = admin.site.name
    return TemplateResponse(request, "billing/page.html", context)
