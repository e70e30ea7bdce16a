"""What staff do with a router: try it, see its secrets, give it another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.secret_pages import SecretPage
from billing.models import Router
from billing.services.network import connections, mikrotik, routers
from billing.words import gettext_lazy

SCRIPT = '<pre tabindex="0">{}</pre>'  # wider than a phone: it is scrolled, by keyboard too


def facts_of(router: Router) -> Facts:
    """What router it is."""
    return [(_("Router"), router), (_("Kind"), router.get_kind_display()), (_("Address"), router.address)]


class ScriptForm(forms.Form):
    radius = forms.GenericIPAddressField(
        label=gettext_lazy("RADIUS server"),
        protocol="IPv4",
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its address as the router reaches it; Disconnect comes from there too."),
    )
    portal = forms.GenericIPAddressField(
        label=gettext_lazy("Web server of the garden page"),
        protocol="IPv4",
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its address as the subscribers reach it."),
    )


class TestConnection(ActionPage):
    """Ask the router something that changes nothing."""

    title = gettext_lazy("Test the connection to {}")
    button = gettext_lazy("Test connection")
    name = "test_connection"
    icon = "network_ping"
    permission = "billing.test_router"
    is_primary = True

    def facts(self) -> Facts:
        return facts_of(self.row)

    def act(self, data: dict[str, Any]) -> str:
        result = connections.probe(self.row)
        return routers.checked_probe(result.outcome, result.detail)

    def told(self, done: str) -> str:
        return _("{row} answers.").format(row=self.row)

    def message(self, done: str) -> str:
        return f"{self.told(done)} {done}".strip()


class ShowSecrets(SecretPage):
    title = gettext_lazy("Secrets of {}")
    button = gettext_lazy("Show secrets")
    name = "show_secrets"
    icon = "key"
    permission = "billing.see_network_secrets"
    said = gettext_lazy("Show secrets: seen in clear.")

    def facts(self) -> Facts:
        return facts_of(self.row)

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        return routers.secrets_of(self.row)


class NewSecret(SecretPage):
    """For who may change routers as well: the old secret is not taken any more."""

    title = gettext_lazy("New secret of {}")
    button = gettext_lazy("New secret")
    name = "new_secret"
    icon = "autorenew"
    permission = "billing.see_network_secrets"
    said = gettext_lazy("New secret: generated, and seen in clear.")

    @classmethod
    def is_permitted(cls, user: Any, row: Router) -> bool:
        return user.has_perm("billing.change_router") and super().is_permitted(user, row)

    def facts(self) -> Facts:
        told = _(
            "The router is not understood until it has the new secret as well. Nobody who is online loses anything."
        )
        return [*facts_of(self.row), (_("Then"), told)]

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        routers.new_secret(self.row)
        return routers.secrets_of(self.row)


class RouterScript(SecretPage):
    """The secret stands in it only for who may see secrets."""

    title = gettext_lazy("Script for {}")
    button = gettext_lazy("Router script")
    name = "router_script"
    icon = "terminal"
    permission = "billing.view_router"
    form_class = ScriptForm

    @property
    def said(self) -> str:
        if self._may_see:
            return _("Router script: made with the secret.")
        return _("Router script: made without the secret.")

    @property
    def _may_see(self) -> bool:
        return self.request.user.has_perm("billing.see_network_secrets")

    def facts(self) -> Facts:
        return facts_of(self.row)

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        secret = routers.secrets_of(self.row).get(routers.RADIUS_SECRET, "") if self._may_see else ""
        script = mikrotik.script(self.row, secret=secret, **data)
        return {_("Paste into the terminal"): format_html(SCRIPT, script)}
