"""What staff do with a router: try it, see its secrets, give it another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.secret_pages import SecretPage
from billing.models import Router
from billing.services.network import connections, mikrotik, routers


def facts_of(router: Router) -> Facts:
    """What router it is."""
    return [("Router", router), ("Kind", router.get_kind_display()), ("Address", router.address)]


class ScriptForm(forms.Form):
    radius = forms.GenericIPAddressField(
        label="RADIUS server",
        protocol="IPv4",
        widget=UnfoldAdminTextInputWidget,
        help_text="Its address as the router reaches it; Disconnect comes from there too.",
    )
    portal = forms.GenericIPAddressField(
        label="Web server of the garden page",
        protocol="IPv4",
        widget=UnfoldAdminTextInputWidget,
        help_text="Its address as the subscribers reach it.",
    )


class TestConnection(ActionPage):
    """Ask the router something that changes nothing."""

    title = "Test the connection to {}"
    button = "Test connection"
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
        return f"{self.row} answers. {done}".strip()


class ShowSecrets(SecretPage):
    title = "Secrets of {}"
    button = "Show secrets"
    name = "show_secrets"
    icon = "key"
    permission = "billing.see_network_secrets"
    said = "Show secrets: seen in clear."

    def facts(self) -> Facts:
        return facts_of(self.row)

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        return routers.secrets_of(self.row)


class NewSecret(SecretPage):
    title = "New secret of {}"
    button = "New secret"
    name = "new_secret"
    icon = "autorenew"
    permission = "billing.see_network_secrets"
    said = "New secret: generated, and seen in clear."

    def facts(self) -> Facts:
        told = "The router is not understood until it has the new secret as well. Nobody who is online loses anything."
        return [*facts_of(self.row), ("Then", told)]

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        routers.new_secret(self.row)
        return routers.secrets_of(self.row)


class RouterScript(SecretPage):
    """The secret stands in it only for who may see secrets."""

    title = "Script for {}"
    button = "Router script"
    name = "router_script"
    icon = "terminal"
    permission = "billing.view_router"
    form_class = ScriptForm

    @property
    def said(self) -> str:
        return f"Router script: made {'with' if self._may_see else 'without'} the secret."

    @property
    def _may_see(self) -> bool:
        return self.request.user.has_perm("billing.see_network_secrets")

    def facts(self) -> Facts:
        return facts_of(self.row)

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        secret = routers.secrets_of(self.row).get(routers.RADIUS_SECRET, "") if self._may_see else ""
        return {
            "Paste into the terminal": format_html("<pre>{}</pre>", mikrotik.script(self.row, secret=secret, **data))
        }
