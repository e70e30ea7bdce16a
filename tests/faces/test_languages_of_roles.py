"""What cashiers, support, billing and technicians see is in the language that they chose (docs/decisions/0036)."""

import pytest
from django.contrib.auth.models import Group
from django.utils.translation.trans_real import DjangoTranslation

from billing.rules.roles import BILLING, CASHIER, SUPPORT, TECHNICIAN
from scripts import words
from tests.faces.conftest import url
from tests.faces.desk import act, preview
from tests.faces.roles import somebody, written
from tests.faces.test_every_action import ACTIONS, filled
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


@pytest.fixture
def may():
    """What the four of them may do together."""
    table = written()
    return set.union(*(table[role] for role in EVERYDAY))


@pytest.fixture
def desk():
    """Somebody who is all of them."""
    client = somebody(EVERYDAY[0])
    client.get("/admin/").wsgi_request.user.groups.set(Group.objects.filter(role__in=EVERYDAY))
    client.cookies["django_language"] = "es"
    return client


def test_their_pages_are_wholly_translated(desk, may, pages, asked_for):  # noqa: F811
    seen = [address for _, address, needed in pages if needed <= may]
    for address in seen:
        shown = desk.get(address).context
        if shown and "form" in shown and hasattr(form := shown["form"], "fields"):
            desk.post(address, {name: value for name in form.fields if (value := form[name].value()) is not None})
    assert len(seen) > 150
    all_translated(asked_for)


def test_what_their_actions_preview_and_answer_is_wholly_translated(desk, may, asked_for):
    allowed = [entry for entry in ACTIONS if f"billing.{entry[2]}" in may]
    for make, action, _, values in allowed:
        row, given = make(), filled(values)
        if (answer := preview(desk, row, action, **given)).context and answer.context.get("is_preview"):
            act(desk, row, action, **given)
        assert desk.get(url(row)).status_code == 200
    assert len(allowed) > 20
    all_translated(asked_for)


def all_translated(asked_for):
    for language in words.LANGUAGES:
        left = asked_for & words.untranslated(words.catalogue(language))
        assert left == set(), (
            f"translate them in billing/locale/{language}/LC_MESSAGES/django.po, then run `make words`"
        )
