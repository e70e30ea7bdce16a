"""Settings of django-plans."""

from benchmarks.peers.common import *  # noqa: F403
from benchmarks.peers.common import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sites", "ordered_model", "sequences", "plans"]
SITE_ID = 1
ROOT_URLCONF = "plans.urls"
PLANS_CURRENCY = "USD"
PLANS_PLAN_MODEL = "plans.Plan"
PLANS_INVOICE_MODEL = "plans.Invoice"
