"""What a service would do, worked out by doing it and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap
from typing import Any, TypeVar

from django.db import OperationalError, transaction

from billing.rules.errors import Refused
from billing.services import locks
from billing.words import gettext_lazy as _

T = TypeVar("T")
R = TypeVar("R")
LOCK_WAIT = 2  # seconds
BUSY = _(
    "Somebody else, or the billing run, is working on this customer at this moment. Nothing was changed. "
    "Try again in a few seconds."
)


def rehearse(service: Callable[..., T], tell: Callable[[T], R], **request: Any) -> R:
    """What ``tell`` says of the outcome of ``service(**request)``, of which nothing stays.

    ``tell`` reads the rows as they would be. The service's own transaction is left out: ours
    takes everything back.

    Raises:
        Refused: as the service does, or somebody else has the customer locked for longer than it may take.
    """
    try:
        with transaction.atomic(durable=True):
            locks.wait_at_most(LOCK_WAIT)
            told = tell(unwrap(service)(**request))
            transaction.set_rollback(True)
    except OperationalError as error:
        if locks.waited_too_long(error):
            raise Refused(BUSY) from error
        raise
    return told
