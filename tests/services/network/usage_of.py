"""What subscriptions with a quota use, written as accounting writes it."""

from billing.models import Block, DataUse
from billing.rules.network import GIGABYTE
from tests.services.network.situations import asked, make_online_subscription

THROTTLE = {"over_quota": "throttle", "throttled_download_kbps": 512, "throttled_upload_kbps": 256}
GARDEN = {"over_quota": "garden"}


def make_capped_subscription(quota_gb=5, beyond=THROTTLE, **changes):
    return make_online_subscription(quota_gb=quota_gb, **beyond, **changes)


def use(subscription, at, gigabytes):
    """Use so much at an instant, a quarter of it up."""
    total = round(gigabytes * GIGABYTE)
    asked("SELECT radius.count_usage(%s, %s, %s, %s)", subscription.pk, at, total - total // 4, total // 4)


def use_of(subscription):
    """What is kept: (bytes, whether the quota is used up), or None."""
    return DataUse.objects.filter(pk=subscription.pk).values_list("used_bytes", "is_over").first()


def is_blocked(subscription, reason=Block.Reason.QUOTA):
    return Block.objects.filter(subscription=subscription, reason=reason, closed_at=None).exists()
