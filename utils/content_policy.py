"""What pages may load and run (Content-Security-Policy): our own files only, and no script inside a page."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse


class ContentPolicyMiddleware(CSPMiddleware):
    """Lets the pages of the admin, and no other, evaluate expressions: unfold's Alpine.js lives on them."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(reverse("admin:index")):
            parts.replace = {"script-src": [SELF, UNSAFE_EVAL], **(parts.replace or {})}
        return parts
