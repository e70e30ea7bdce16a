"""What a service would do, worked out by doing it and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from inspect import unwrap
from typing import Any, TypeVar

from django.db import transaction

T = TypeVar("T")
R = TypeVar("R")


def rehearse(service: Callable[..., T], tell: Callable[[T], R], **request: Any) -> R:
    """What ``tell`` says of the outcome of ``service(**request)``, of which nothing stays.

    ``tell`` reads the rows as they would be. The service's own transaction is left out: ours
    takes everything back. Raises Refused as the service does.
    """
    with transaction.atomic(durable=True):
        told = tell(unwrap(service)(**request))
        transaction.set_rollback(True)
    return told
