"""The staff's pages that are no list of a table."""

from django.contrib import admin
from django.urls import path

from billing.admin.rules_in_force import rules_in_force
from billing.admin.who_will_be_cut import who_will_be_cut

urlpatterns = [
    path("who-will-be-cut/", admin.site.admin_view(who_will_be_cut), name="who_will_be_cut"),
    path("rules-in-force/", admin.site.admin_view(rules_in_force), name="rules_in_force"),
]
