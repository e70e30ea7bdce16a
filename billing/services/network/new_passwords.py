"""First passwords for many subscriptions at once (rule N3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Lower

from billing.models import NetworkAccount, Subscription
from billing.services import locks
from billing.services.network import accounts, sealing

MOST = 5000  # at once: each is sealed, written and noted while somebody waits
WRITTEN_AT_ONCE = 1000


@dataclass(frozen=True)
class Chosen:
    """Some subscriptions: those that can get a password, that have one, and whose login routers do not take."""

    without: Sequence[Subscription]
    having: Sequence[Subscription]
    unusable: Sequence[Subscription]


def sorted_out(subscriptions: Sequence[Subscription]) -> Chosen:
    """What can be done for each of them."""
    have = set(NetworkAccount.objects.filter(pk__in=[one.pk for one in subscriptions]).values_list("pk", flat=True))
    others = [one for one in subscriptions if one.pk not in have]
    twice = _logins_of_several(others)
    usable = {one.pk for one in others if accounts.LOGIN.fullmatch(low := one.login.lower()) and low not in twice}
    return Chosen(
        without=[one for one in others if one.pk in usable],
        having=[one for one in subscriptions if one.pk in have],
        unusable=[one for one in others if one.pk not in usable],
    )


@transaction.atomic
def generate(subscriptions: Sequence[Subscription]) -> list[tuple[Subscription, str]]:
    """Give a password to each of them that has none; those with their passwords in clear.

    Raises:
        Refused: there is no NETWORK_KEY.
    """
    locks.access_states_of([one.pk for one in subscriptions])
    made = [(one, accounts.generated()) for one in sorted_out(subscriptions).without]
    NetworkAccount.objects.bulk_create(
        [NetworkAccount(subscription=one, password_sealed=sealing.seal(password)) for one, password in made],
        batch_size=WRITTEN_AT_ONCE,
    )
    return made


def _logins_of_several(subscriptions: Sequence[Subscription]) -> set[str]:
    """Logins in lower case that differ from another one in capitals only."""
    logins = [one.login.lower() for one in subscriptions]
    known = Subscription.objects.annotate(lower=Lower("login")).filter(lower__in=logins).order_by()
    counted = known.values("lower").annotate(how_many=Count("pk")).filter(how_many__gt=1)
    return set(counted.values_list("lower", flat=True))
