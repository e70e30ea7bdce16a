"""The access of subscriptions as labels, from rows that were fetched in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin.formatting import access_label, label
from billing.models import Block

OPEN_BLOCKS = Prefetch("blocks", Block.objects.filter(closed_at=None).order_by("pk"), to_attr="open_blocks")


def access_of(subscription: Any) -> SafeString:
    """The label of a subscription that was fetched with its ``access_state`` and ``OPEN_BLOCKS``."""
    return access_label(subscription.access_state.is_on, [block.reason for block in subscription.open_blocks])


def access_of_all(subscriptions: Sequence[Any]) -> SafeString:
    """One label for a customer: all on, or how many are off and why."""
    off = [subscription for subscription in subscriptions if not subscription.access_state.is_on]
    if not subscriptions:
        return label(_("no service"))
    if not off:
        return access_label(True)
    reasons = dict.fromkeys(block.reason for subscription in off for block in subscription.open_blocks)
    labels = access_label(False, list(reasons))
    if len(off) == len(subscriptions):
        return labels
    return format_html(
        "{} {}", labels, label(_("{subscriptions} on").format(subscriptions=len(subscriptions) - len(off)), "success")
    )
