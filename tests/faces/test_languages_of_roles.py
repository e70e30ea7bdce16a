"""What cashiers, support, billing and technicians see is in the language that they chose (docs/decisions/0036)."""

import pytest
from django.contrib.auth.models import Group
from django.utils.translation.trans_real import DjangoTranslation

from billing.rules.roles import BILLING, CASHIER, SUPPORT, TECHNICIAN
from scripts import words
from tests.faces.roles import somebody, written
from tests.faces.test_every_page_of_every_role import pages  # noqa: F401  # fixture

EVERYDAY = (CASHIER, SUPPORT, BILLING, TECHNICIAN)


@pytest.fixture
def asked_for(monkeypatch):
    """Collects the texts whose translation is asked for, with those that take values and those in labels."""
    found = set()

    def also_keep(name):
        told = getattr(DjangoTranslation, name)

        def keep(translation, text, *others):
            found.add(text)
            return told(translation, text, *others)

        monkeypatch.setattr(DjangoTranslation, name, keep)

    also_keep("gettext")
    also_keep("ngettext")
    return found


def look(client, address):
    """At a page and, when it has a form, at what comes after it."""
    shown = client.get(address).context
    if shown and "form" in shown and hasattr(form := shown["form"], "fields"):
        client.post(address, {name: value for name in form.fields if (value := form[name].value()) is not None})


def test_the_pages_of_every_day_are_wholly_translated(pages, asked_for):  # noqa: F811
    client, table = somebody(EVERYDAY[0]), written()
    client.get("/admin/").wsgi_request.user.groups.set(Group.objects.filter(role__in=EVERYDAY))
    client.cookies["django_language"] = "es"
    may = set.union(*(table[role] for role in EVERYDAY))
    seen = [address for _, address, needed in pages if needed <= may]
    for address in seen:
        look(client, address)
    assert len(seen) > 150
    for language in words.LANGUAGES:
        left = asked_for & words.untranslated(words.catalogue(language))
        assert left == set(), (
            f"translate them in billing/locale/{language}/LC_MESSAGES/django.po, then run `make words`"
        )
