"""Secrets are shown once, to who may, after a click that the audit notes; they are in no message and no cookie."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from billing.admin.action_pages import ActionPage
from billing.admin.base import attempt
from billing.admin.formatting import link
from billing.admin.pages import page_of
from billing.services import audit
from billing.services.wording import of_the_books


class SecretPage(ActionPage):
    """A button that leads to a page with secrets; a subclass says which."""

    @property
    @abstractmethod
    def said(self) -> str:
        """What the audit notes."""

    @abstractmethod
    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        """Names and secrets in clear, by the form's clean ``data``. Raises Refused."""

    def respond(self) -> HttpResponse:
        if self.request.method != "POST" or self.refusal(self.row):
            return super().respond()
        form = self.form(self.request.POST)
        found = attempt(form, lambda: self.secrets(form.cleaned_data))
        if found is None:
            return self._show(form)
        with of_the_books():
            audit.note(self.row, self.said)
        return _shown(self.request, self.row, self.title.format(self.row), found)


def _shown(request: HttpRequest, row: Any, title: str, secrets: Mapping[str, str]) -> HttpResponse:
    notice = _("Copy it now. It is not shown again when you leave this page; the audit notes that you saw it.")
    return page_of(request, title=title, facts=[*secrets.items(), (_("Back to"), link(row))], warnings=[notice])
