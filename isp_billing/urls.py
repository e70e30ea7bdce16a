from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from billing.garden import garden
from utils import admin_pages
from utils.monitoring import health
from utils.monitoring.exposition import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path(admin_pages.ROOT, include("billing.admin.urls")),
    path(admin_pages.ROOT, admin.site.urls),
    path("garden/", garden, name="garden"),
    path("language/", set_language, name="set_language"),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("healthz", health.healthz),
    path("metrics", metrics),
]

handler500 = "utils.error_pages.server_error"
