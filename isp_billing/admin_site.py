"""How the admin looks: names, icons, styles and what is in its navigation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy


def company_name(request: HttpRequest) -> str:
    return str(settings.COMPANY_NAME)


UNFOLD: dict[str, Any] = {
    # Called, because unfold takes a text with a point in it for the path of a function.
    "SITE_TITLE": company_name,
    "SITE_HEADER": company_name,
    "SITE_SUBHEADER": gettext_lazy("Billing and access"),
    "SITE_SYMBOL": "cell_tower",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,  # in the menu of the account
    "ENVIRONMENT": "billing.admin.navigation.environment",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "billing.admin.navigation.icon"}],
    "STYLES": ["billing.admin.navigation.style_sheet"],
    "SCRIPTS": ["billing.admin.navigation.focus_script", "billing.admin.navigation.names_script"],
    "DASHBOARD_CALLBACK": "billing.admin.home.dashboard",
    "ACCOUNT": {
        "navigation": [
            {"title": gettext_lazy("Change password"), "link": "billing.admin.two_step.password_page"},
            {"title": gettext_lazy("Two-step sign-in"), "link": "billing.admin.two_step.own_page"},
            {"title": gettext_lazy("Where you are signed in"), "link": "billing.admin.own_sessions.address"},
        ]
    },
    "SIDEBAR": {"show_search": True, "navigation": "billing.admin.navigation.sidebar"},
}
