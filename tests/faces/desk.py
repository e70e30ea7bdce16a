"""How tests use the pages of actions: open the form, fill it in, look at the preview, confirm."""

from hashlib import sha256

from django.apps import apps
from django.db import connection

from billing.models import AuditEntry, StaffSession
from tests.faces.conftest import url


def shown(client, row, action):
    """The values of the form that is shown, as a browser would send them."""
    form = client.get(url(row, action)).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) is not None}


def preview(client, row, action, **changes):
    """The answer to the form before anything is confirmed."""
    return client.post(url(row, action), {**shown(client, row, action), **changes})


def act(client, row, action, **changes):
    """Send the form with ``changes`` and confirm it."""
    values = {**shown(client, row, action), **changes, "confirmed": "1"}
    return client.post(url(row, action), values, follow=True)


def facts(response):
    return {name: str(value) for name, value in response.context["facts"]}


def what_will_happen(response):
    return " ".join(response.context["sentences"])


def errors_of(response):
    """What the page says against the form."""
    form = response.context["form"]
    return " ".join(error for errors in form.errors.values() for error in errors)


def everything_stored():
    """One text for all rows of billing but sessions and audit: equal when nothing was written."""
    digest = sha256()
    with connection.cursor() as cursor:
        for model in apps.get_app_config("billing").get_models():
            if model in (StaffSession, AuditEntry):
                continue
            cursor.execute(f"SELECT string_agg(row::text, '|' ORDER BY row::text) FROM {model._meta.db_table} row")
            digest.update(repr(cursor.fetchone()).encode())
    return digest.hexdigest()
