"""Where somebody is signed in, with a button that ends it everywhere else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin.formatting import NONE, instant, label
from billing.admin.panels import Panel, columns
from billing.services import audit, staff_sessions
from billing.services.wording import of_the_books
from utils.sign_in.addresses import client_address

HEADS = columns("Signed in", "From", "Browser", "Until", "")


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    browser = request.META.get("HTTP_USER_AGENT", "")
    address, now = client_address(request), timezone.now()
    staff_sessions.note_sign_in(request.session, user, address=address, browser=browser, now=now)


def address(request: HttpRequest) -> str:
    """For the menu of one's own account."""
    return reverse("own_sessions")


def own_sessions(request: HttpRequest) -> HttpResponse:
    """The page, and what its button does."""
    if request.method == "POST":
        staff_sessions.end_others(request.user, request.session.session_key)
        user: Any = request.user
        with of_the_books():
            audit.note(user, _("Ended the sessions elsewhere."))
        messages.success(request, _("You are signed in here only: the other sessions are ended."))
        return redirect("own_sessions")
    found = staff_sessions.of_user(request.user, now=timezone.now())
    rows = [_row(session, is_here=session.session_key == request.session.session_key) for session in found]
    context = {
        **admin.site.each_context(request),
        "title": _("Where you are signed in"),
        "panels": [Panel(_("Sessions"), HEADS, rows)],
        "has_others": len(rows) > 1,
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "billing/own_sessions.html", context)


def _row(session: Any, *, is_here: bool) -> tuple[object, ...]:
    began = instant(session.began_at) if session.began_at else NONE
    here = label(_("this one"), "success") if is_here else ""
    return (began, session.address or NONE, session.browser or NONE, instant(session.expire_date), here)
