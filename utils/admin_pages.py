"""Where the pages of the admin begin."""

from __future__ import annotations

from django.http import HttpRequest

ROOT = "admin/"  # below the root of the application, which a proxy may have put below another path


def is_asked_for(request: HttpRequest) -> bool:
    return request.path_info.startswith(f"/{ROOT}")
