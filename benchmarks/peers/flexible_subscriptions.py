"""Settings of django-flexible-subscriptions."""

from benchmarks.peers.common import *  # noqa: F403
from benchmarks.peers.common import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "subscriptions"]
