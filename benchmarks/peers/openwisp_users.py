"""Settings of openwisp-users."""

from benchmarks.peers.common import *  # noqa: F403
from benchmarks.peers.common import INSTALLED_APPS

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django.contrib.sites",
    "django.contrib.sessions",
    "django.contrib.messages",
    "openwisp_users.accounts",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "django_extensions",
    "organizations",
    "rest_framework",
    "rest_framework.authtoken",
    "openwisp_utils.admin_theme",
    "django.contrib.admin",
    "openwisp_users",
]
AUTH_USER_MODEL = "openwisp_users.User"
SITE_ID = 1
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
