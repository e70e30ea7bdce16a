"""Staff see the pages in the language that each chose; what is ours is translated (docs/decisions/0036)."""

import asyncio
import re

import pytest
from django.contrib import admin
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation

from billing.models import (
    Bill,
    Block,
    CashShift,
    Customer,
    LedgerEntry,
    LoginAttempt,
    NetworkFinding,
    NetworkIntent,
    OnlineSession,
    Payment,
    Promise,
    Reversal,
    Router,
    SessionRecord,
    Subscription,
    UsageDay,
)
from billing.network.adapters import open_adapter
from billing.network.base import Target
from billing.rules.errors import Refused
from billing.rules.languages import LANGUAGES
from billing.services.network import findings, intents
from billing.services.network.findings import Found
from billing.words import OURS
from scripts import words
from tests.faces.conftest import list_url, text_of, url
from tests.services.network.situations import account, make_online_subscription, make_router

TRANSLATED = [code for code, _ in LANGUAGES if code != "en"]
UPDATE = "run `make words`, translate what is new in billing/locale/bn/LC_MESSAGES/django.po, and run it again"
PLACES = re.compile(r"\{[^{}]*\}|%\(\w+\)s|%s")
NO_TEXTS = re.compile(
    r"<(script|style)\b.*?</\1>|<!--.*?-->|<form action=\"/language/\".*?</form>"
    r"|<span[^>]*class=\"[^\"]*material-symbols-outlined[^>]*>.*?</span>",
    re.DOTALL,
)
SEEN_MOST = [
    *(words.ROOT / "billing/admin").glob("*cash*.py"),
    *(words.ROOT / f"billing/admin/{name}.py" for name in (
        *"access_labels bill_actions bills counter customer_actions customer_panels customers deferral_actions".split(),
        *"deferral_panels explain formatting home lock_outs navigation network_actions network_panels".split(),
        *"own_sessions panels payment_actions payments receiving session_cells statement subscription_actions".split(),
        *"subscription_facts subscription_panels subscriptions two_step waiting".split(),
    )),
    *(words.ROOT / f"billing/services/{name}.py" for name in (
        *"cash deferrals deferral_states network/accounts network/codes payments summary wording".split(),
    )),
    *(words.ROOT / f"billing/templates/billing/{name}.html" for name in (
        *"action counter_box home locked_out own_sessions pagination panels statement two_step".split(),
        *(f"documents/shift_report{part}" for part in ("", "_body", "_roll")),
    )),
    words.ROOT / "billing/documents/shifts.py",
    words.ROOT / "isp_billing/admin_site.py",
]  # fmt: skip


@pytest.fixture(scope="module")
def texts():
    return words.texts()


def key(text):
    return text if isinstance(text, str) else text[0]


def strings(message):
    return message.string if message.pluralizable else (message.string,)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_translations_are_those_of_the_texts_in_the_sources(language, texts):
    catalog = words.catalogue(language)
    assert {message.id for message in catalog if message.id} == texts, UPDATE
    folder = words.LOCALE / language / "LC_MESSAGES"
    assert (folder / "django.po").read_bytes() == words.po(words.updated(language, texts)), UPDATE
    assert (folder / "django.mo").read_bytes() == words.mo(catalog), UPDATE


def test_nothing_of_ours_is_untranslated_in_bengali():
    assert words.untranslated(words.catalogue("bn")) == set(), UPDATE


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_a_guess_and_each_names_the_same_values(language):
    for message in words.catalogue(language):
        assert not message.fuzzy, message.id
        many = message.id[1] if message.pluralizable else message.id
        for string in filter(None, strings(message)):
            told = sorted(PLACES.findall(string))
            assert told in (sorted(PLACES.findall(key(message.id))), sorted(PLACES.findall(many))), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_staff_see_most_is_translated_in_every_language(language):
    found = {key(text) for path in SEEN_MOST for text in words.texts_of(path) if key(text)}
    for kind in (Bill.Status, Block.Reason, LedgerEntry.Kind, Payment.Method, Reversal.Kind):
        with translation.override(None):
            found |= {str(label) for label in kind.labels}
    for model in (Bill, CashShift, Customer, Payment, Promise, Subscription):
        with translation.override(None):
            found |= {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
    left = found & words.untranslated(words.catalogue(language))
    assert left == set(), f"translate them in billing/locale/{language}/LC_MESSAGES/django.po, then run `make words`"


def test_every_column_of_ours_has_a_name_that_can_be_translated():
    for model, of_model in admin.site._registry.items():
        if type(of_model).__module__.startswith(OURS):
            for name in {*of_model.list_display, *of_model.readonly_fields}:
                shown = getattr(type(of_model), str(name), None)
                is_named = name == "__str__" or hasattr(shown, "short_description")  # that is called as the model is
                assert not callable(shown) or is_named, (
                    model,
                    name,
                    "@display(description=…)",
                )


def sees(client, language, address):
    client.cookies["django_language"] = language
    return text_of(client.get(address, follow=True))


def english_left_on(page, language):
    """Texts of ours on a page that have a translation and are not in it; names of icons and languages are no such."""
    bare = NO_TEXTS.sub("", page)
    shown = {" ".join(part.split()) for part in re.split(r"<[^>]*>", bare)}
    translated = {message.id: message.string for message in words.catalogue(language) if message.id and message.string}
    return sorted(text for text in shown if translated.get(text, text) != text)


@pytest.fixture
def pages(disabled):
    """The pages of a day at the desk: their addresses."""
    lists = [reverse(f"admin:billing_{name}_changelist") for name in ("customer", "bill", "payment", "subscription")]
    return ["/admin/", reverse("counter"), url(disabled.customer), reverse("my_shift"), *lists]


def test_the_pages_of_the_desk_are_in_bengali(admin_client, pages):
    for address in pages:
        page = sees(admin_client, "bn", address)
        assert '<html lang="bn" dir="ltr"' in page, address
        assert english_left_on(page, "bn") == [], address


@pytest.fixture
def network():
    """A router with a session, a wish that waits, findings and a login, and the subscription that they are of."""
    router, subscription = make_router(coa_port=9, address="127.0.0.1"), make_online_subscription(login="ann-home")
    account(unique_id="u1", login="ann-home", router=router.address)
    UsageDay.objects.create(subscription=subscription, day="2026-05-01", download_bytes=5_000, upload_bytes=10)
    intents.request(subscription.pk, reason="again", now=timezone.now())
    NetworkIntent.objects.update(failing_since=timezone.now(), last_error="503")
    unknown = [Found(router.pk, "nobody", "503")]
    findings.note(NetworkFinding.Kind.UNKNOWN_LOGIN, unknown)
    seen = {"first_at": timezone.now(), "last_at": timezone.now()}
    LoginAttempt.objects.create(login="ann-home", result="refused", reason="unpaid, quota", **seen)
    return router, subscription


def test_the_pages_of_the_network_are_in_bengali(admin_client, network):
    router, subscription = network
    lists = [list_url(model) for model in (Router, OnlineSession, SessionRecord, NetworkFinding, LoginAttempt)]
    of_router = ("change", "test_connection", "router_script", "show_secrets", "new_secret")
    of_subscription = ("change", "disconnect", "apply_again", "new_password", "show_password", "place")
    pages = [*(url(router, name) for name in of_router), *(url(subscription, name) for name in of_subscription)]
    for address in [*lists, *pages, reverse("admin:billing_router_add"), url(subscription.plan)]:
        assert english_left_on(sees(admin_client, "bn", address), "bn") == [], address


def test_what_the_network_answers_is_in_bengali(admin_client, network):
    router, subscription = network
    admin_client.cookies["django_language"] = "bn"
    where = {"radius": "198.51.100.1", "portal": "198.51.100.2"}
    deeds = [(router, "test_connection", {}), (router, "show_secrets", {}), (router, "router_script", where)]
    deeds += [(subscription, name, {}) for name in ("show_password", "new_password", "apply_again", "disconnect")]
    for row, name, data in deeds:
        page = text_of(admin_client.post(url(row, name), data, follow=True))
        assert english_left_on(page, "bn") == [], name
    assert "পরীক্ষা ব্যর্থ হয়েছে" in text_of(admin_client.post(url(router, "test_connection")))


def test_what_an_adapter_tells_is_in_the_language_of_the_reader():
    router = Target(name="North", kind="routeros", address="192.0.2.1", rest_url="http://192.0.2.1")
    with translation.override("bn"):
        result = asyncio.run(open_adapter(router).probe())
    assert result.detail == "রাউটারের একটি https ঠিকানা ও তার সার্টিফিকেটের SHA-256 প্রয়োজন"


def test_a_page_leaves_no_language_behind(admin_client):
    sees(admin_client, "bn", "/admin/")
    assert translation.get_language() == "en"


def test_arabic_runs_from_right_to_left(admin_client, pages):
    for address in pages:
        page = sees(admin_client, "ar", address)
        assert '<html lang="ar" dir="rtl"' in page, address
        assert english_left_on(page, "ar") == [], address


def test_a_refusal_is_told_in_the_language_of_the_reader():
    refused = Refused("The drawer holds {held}. Enter at most that.", held="5.00")
    assert str(refused) == "The drawer holds 5.00. Enter at most that."
    with translation.override("es"):
        assert str(refused) == "La caja contiene 5.00. Introduzca como máximo eso."
    assert str(Refused("A brace { is no value.")) == "A brace { is no value."


def test_without_a_choice_the_language_is_that_of_the_installation(admin_client):
    with override_settings(LANGUAGE_CODE="fr"):
        page = text_of(admin_client.get("/admin/", headers={"Accept-Language": "ar"}))
    assert '<html lang="fr" dir="ltr"' in page


def test_an_unknown_choice_is_that_of_the_installation(admin_client):
    assert '<html lang="en" dir="ltr"' in sees(admin_client, "de", "/admin/")


def test_staff_choose_among_the_six_languages(admin_client):
    page = text_of(admin_client.get("/admin/"))
    assert re.findall(r'name="language" type="hidden" value="(\w+)"', page) == [code for code, _ in LANGUAGES]
    answer = admin_client.post(reverse("set_language"), {"language": "bn", "next": "/admin/"})
    assert answer.cookies["django_language"].value == "bn"
    assert '<html lang="bn"' in text_of(admin_client.get("/admin/"))


def test_pages_of_errors_speak_the_language_too(client):
    page = sees(client, "ar", "/there-is-no-such-page")
    assert '<html lang="ar" dir="rtl"' in page


def test_who_says_a_rule_is_told_in_the_language_of_the_reader(admin_client, disabled):
    page = sees(admin_client, "es", url(disabled.customer))
    assert "(instalación)" in page
    assert "(installation)" not in page
