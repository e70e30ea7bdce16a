"""What a file says of subscriptions in the network: the password that a modem has, and its fixed address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import NetworkAccount, Subscription
from billing.rules.errors import Refused
from billing.services.imports import passwords
from billing.services.imports.values import Field, Values
from billing.services.network import accounts, sealing
from billing.words import gettext_noop

PERMISSION = "billing.set_credentials"
PASSWORD, ADDRESS = "password", "fixed_address"
FIELDS = (
    Field(
        PASSWORD,
        gettext_noop("Network password"),
        ("pppoe password", "radius password", "cleartext-password", "secret"),
        is_secret=True,
        permission=PERMISSION,
    ),
    Field(
        ADDRESS,
        gettext_noop("Fixed address"),
        ("static ip", "framed-ip-address", "remote address", "ip address", "ipv4", "ip"),
        example="198.51.100.7",
        permission=PERMISSION,
    ),
)


@dataclass(frozen=True)
class Wanted:
    """What is to be set; empty where nothing is."""

    password: str = ""
    address: str = ""

    def told(self) -> list[str]:
        """In words, without the password."""
        told = [_("network password")] if self.password else []
        return told + ([_("fixed address {address}").format(address=self.address)] if self.address else [])

    @transaction.atomic
    def set_for(self, subscription: Subscription) -> None:
        """Raises Refused as ``accounts`` does."""
        if self.password:
            accounts.set_password(subscription, self.password)
        if self.address:
            account = accounts.of(subscription)
            accounts.place(subscription, fixed_address=self.address, router=account.router if account else None)


class NetworkColumns:
    """The accounts that some rows are about, read at once."""

    def __init__(self, rows: Sequence[Values], known: Iterable[Subscription]) -> None:
        addresses = [text for row in rows if _is_address(text := row.text(ADDRESS))]
        found = NetworkAccount.objects.select_related("subscription")
        wanted = Q(pk__in=[one.pk for one in known]) | Q(fixed_address__in=addresses)
        self._accounts = {account.pk: account for account in found.filter(wanted)}
        self._owners = {account.fixed_address: account for account in self._accounts.values()}

    def wanted(self, row: Values, known: Subscription | None) -> Wanted:
        """What of a row is not so already.

        Raises:
            Refused: a password or address that cannot be or is taken, or a login that routers do not take.
        """
        password = passwords.opened(row.text(PASSWORD)) if row.has(PASSWORD) else ""
        address = accounts.checked_address(row.text(ADDRESS)) if row.has(ADDRESS) else ""
        if not password and not address:
            return Wanted()
        accounts.check_letters(row.text("login"))
        if password:
            accounts.check_password(password)
        account = self._accounts.get(known.pk) if known else None
        owner = self._owners.get(address) if address else None
        if owner and owner != account:
            raise Refused("{wanted} is the address of {login} already.", wanted=address, login=owner.subscription.login)
        if account is None:
            if not password:
                raise Refused("A fixed address needs a network password, and it has none yet. Give both in one row.")
            return Wanted(password, address)
        return Wanted(password if password != _password_of(account) else "", "" if owner else address)


def _is_address(text: str) -> bool:
    try:
        return bool(text and ip_address(text) and "%" not in text)
    except ValueError:
        return False


def _password_of(account: NetworkAccount) -> str:
    """Empty when it cannot be opened any more: then the one of the file takes its place."""
    try:
        return sealing.unseal(account.password_sealed)
    except sealing.WrongKey:
        return ""
