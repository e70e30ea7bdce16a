"""What staff do in the network for one subscription: its sessions, credentials and place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin.action_pages import ActionPage, Facts
from billing.admin.secret_pages import SecretPage
from billing.admin.subscription_facts import facts_of
from billing.models import Router, Subscription
from billing.services import areas
from billing.services.network import accounts
from billing.services.wording import counted
from billing.words import gettext_lazy


class PlaceForm(forms.Form):
    fixed_address = forms.GenericIPAddressField(
        label=gettext_lazy("Fixed address"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Empty: from the pool of the plan."),
    )
    router = forms.ModelChoiceField(
        label=gettext_lazy("Router"),
        queryset=Router.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: it signs in by RADIUS"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Only for a router of RouterOS that does not ask by RADIUS: its entry is kept there."),
    )

    def __init__(self, routers: QuerySet[Router], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField", self.fields["router"]).queryset = routers


class InNetwork(ActionPage):
    def facts(self) -> Facts:
        return facts_of(self.row)


class Disconnect(InNetwork):
    """End the open sessions, whatever is wanted."""

    title = gettext_lazy("Disconnect {} now")
    button = gettext_lazy("Disconnect now")
    name = "disconnect"
    icon = "link_off"
    permission = "billing.disconnect_session"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        return (
            ""
            if accounts.sessions_to_end(row)
            else _("{row} has no open session, or its end is asked for already.").format(row=row)
        )

    def act(self, data: dict[str, Any]) -> int:
        return accounts.disconnect(self.row, now=self.now)

    def told(self, done: int) -> str:
        return _("The router is asked to end {counted} of {row}. Load the page again to see it.").format(
            counted=counted(done, "session"), row=self.row
        )


class ApplyAgain(InNetwork):
    """Bring the subscription to the routers once more."""

    title = gettext_lazy("Apply {} again")
    button = gettext_lazy("Apply again")
    name = "apply_again"
    icon = "sync"
    permission = "billing.apply_again"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        return "" if accounts.is_any_router_active() else _("No router is in use, so there is nothing to apply.")

    def act(self, data: dict[str, Any]) -> None:
        accounts.apply_again(self.row, now=self.now)

    def told(self, done: None) -> str:
        return _("{row} is brought to the routers once more. Load the page again to see it.").format(row=self.row)


class NewPassword(SecretPage, InNetwork):
    title = gettext_lazy("New password of {}")
    button = gettext_lazy("New password")
    name = "new_password"
    icon = "password"
    permission = "billing.set_credentials"
    said = gettext_lazy("New password: generated, and seen in clear.")

    def facts(self) -> Facts:
        told = _("The former password is not taken any more. Who is online stays so until the next sign-in.")
        return [*facts_of(self.row), (_("Then"), told)]

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        return {_("Login"): self.row.login.lower(), _("Password"): accounts.new_password(self.row)}


class ShowPassword(SecretPage, InNetwork):
    title = gettext_lazy("Password of {}")
    button = gettext_lazy("Show password")
    name = "show_password"
    icon = "key"
    permission = "billing.see_network_secrets"
    said = gettext_lazy("Show password: seen in clear.")

    def secrets(self, data: dict[str, Any]) -> Mapping[str, str]:
        return {_("Login"): self.row.login.lower(), _("Password"): accounts.password_of(self.row)}


class Place(InNetwork):
    """The fixed address, and the router that keeps its entry."""

    title = gettext_lazy("Where {} is in the network")
    button = gettext_lazy("Fixed address and router")
    name = "place"
    icon = "location_on"
    permission = "billing.set_credentials"

    @classmethod
    def refusal(cls, row: Subscription) -> str:
        return "" if accounts.of(row) else _("{row} has no credentials yet. Use “New password” first.").format(row=row)

    def form(self, data: Any = None, initial: Any = None) -> PlaceForm:
        offered = accounts.routers_for(self.row, areas.seen(self.request.user, Router.objects.all()))
        return PlaceForm(offered, data, initial=initial)

    def initial(self) -> dict[str, Any]:
        account = accounts.of(self.row)
        return {"fixed_address": account.fixed_address, "router": account.router} if account else {}

    def act(self, data: dict[str, Any]) -> bool:
        return accounts.place(self.row, **data)

    def told(self, done: bool) -> str:
        return (
            _("{row} is moved; an open session follows.").format(row=self.row)
            if done
            else _("{row} was there already.").format(row=self.row)
        )
