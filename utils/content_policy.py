"""What pages may load and run (Content-Security-Policy): our own files only, and no script inside a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from csp.constants import HEADER, SELF, UNSAFE_EVAL
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase

from utils import admin_pages


class ContentPolicyMiddleware:
    """Lets the pages of the admin, and no other, evaluate expressions: unfold's Alpine.js lives on them.

    django-csp's own middleware builds the policy anew for each response, a fifth of the time of a small page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers[HEADER] = _policy(may_evaluate=admin_pages.is_asked_for(request))
        return response


@cache
def _policy(*, may_evaluate: bool) -> str:
    return build_policy(replace={"script-src": [SELF, UNSAFE_EVAL]} if may_evaluate else None)
