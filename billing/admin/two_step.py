"""The pages of the two-step sign-in, and the gate that leads to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_otp
import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.services import audit, two_step
from billing.services.wording import counted, of_the_books
from billing.words import gettext_lazy
from utils import admin_pages

WRONG = gettext_lazy(
    "This code is not right, or it was used already. Wait for the next one; after several wrong ones, a minute."
)
OPEN_PAGES = ("admin:login", "admin:logout", "admin:jsi18n", "two_step", "two_step_set_up")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


class TwoStepMiddleware:
    """Leads who is signed in by the password alone to the second step, or to its set-up where a role needs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = self._missing_step(request)
        if not page:
            return self.get_response(request)
        back = {"next": request.get_full_path()} if request.method == "GET" else {}
        return redirect(f"{reverse(page)}?{urlencode(back)}" if back else reverse(page))

    def _missing_step(self, request: HttpRequest) -> str:
        if not admin_pages.is_asked_for(request):
            return ""
        if request.path in map(reverse, OPEN_PAGES) or not request.user.is_authenticated:
            return ""
        user: Any = request.user
        if user.is_verified():
            return ""
        if two_step.device_of(user):
            return "two_step"
        return "two_step_set_up" if two_step.is_required(user) else ""


def password_page(request: HttpRequest) -> str:
    """For the menu of one's own account."""
    return reverse("admin:password_change")


def own_page(request: HttpRequest) -> str:
    return reverse("two_step_set_up")


def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the code after the password."""
    user: Any = request.user
    if user.is_verified() or two_step.device_of(user) is None:
        return redirect(_next_page(request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = two_step.verified(user, form.cleaned_data["code"], now=timezone.now())
        if device:
            _let_in(request, device)
            return redirect(_next_page(request))
        form.add_error("code", WRONG)
    return _page(request, _("Two-step sign-in"), form=form)


def set_up(request: HttpRequest) -> HttpResponse:
    """Set the app up; when it is there already, make new recovery codes or turn it off, with a code."""
    user: Any = request.user
    if two_step.device_of(user):
        return _change(request) if user.is_verified() else redirect("two_step")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        codes = two_step.set_up(user, form.cleaned_data["code"])
        if codes:
            _let_in(request, two_step.device_of(user))
            return _page(request, _("Your recovery codes"), codes=codes, next_page=_next_page(request))
        form.add_error("code", WRONG)
    device = two_step.device_to_set_up(user)
    picture = segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=4, light="white")
    return _page(
        request,
        _("Set up two-step sign-in"),
        form=form,
        picture=picture,
        secret=_secret(device.config_url),
        is_required=two_step.is_required(user),
    )


def _change(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form, is_required = CodeForm(request.POST or None), two_step.is_required(user)
    if form.is_valid():
        if two_step.verified(user, form.cleaned_data["code"], now=timezone.now()) is None:
            form.add_error("code", WRONG)
        elif "turn_off" in request.POST and not is_required:
            two_step.turn_off(user)
            messages.success(request, _("Two-step sign-in is off: your password alone lets you in."))
            return redirect("admin:index")
        else:
            codes = two_step.new_recovery_codes(user)
            with of_the_books():
                audit.note(user, _("Made new recovery codes of the two-step sign-in."))
            return _page(request, _("Your recovery codes"), codes=codes, next_page=reverse("admin:index"))
    left = counted(two_step.recovery_codes_left(user), "recovery code")
    return _page(request, _("Two-step sign-in is on"), form=form, left=left, is_required=is_required)


def _let_in(request: HttpRequest, device: Any) -> None:
    request.session.cycle_key()
    django_otp.login(request, device)


def _next_page(request: HttpRequest) -> str:
    page = request.GET.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    return page if url_has_allowed_host_and_scheme(page, hosts, is_secure) else reverse("admin:index")


def _secret(address: str) -> str:
    """The key in groups of four, for typing it."""
    key = address.partition("secret=")[2].partition("&")[0]
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def _page(request: HttpRequest, title: str, **content: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "company": settings.COMPANY_NAME, **content}
    request.current_app = admin.site.name
    return TemplateResponse(request, "billing/two_step.html", context)
