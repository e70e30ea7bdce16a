"""Documents speak the language of the customer, in its direction."""

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import override_settings
from django.utils import translation

from billing.admin import formatting
from billing.documents import bills as papers
from billing.documents import rendering
from billing.rules.languages import LANGUAGES
from tests.documents.reading import text_of

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "billing/templates/billing/documents"
TRANSLATED = [code for code, _ in LANGUAGES if code != "en"]


def folder(language):
    return ROOT / "billing/documents/locale" / language / "LC_MESSAGES"


def words():
    """All that our own documents say."""
    marked = re.compile(r"""translate ["'](.+?)["'] context ["']document["']""")
    return {word for path in TEMPLATES.glob("*.html") for word in marked.findall(path.read_text())}


def catalogue(language):
    with (folder(language) / "django.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_word_is_translated_and_none_is_left_over(language):
    translated = {message.id for message in catalogue(language) if message.id and message.string}
    assert translated == words()


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_words_are_those_that_are_written(language):
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    assert (folder(language) / "django.mo").read_bytes() == compiled.getvalue(), "run `make words`"


@pytest.mark.parametrize(
    ("language", "direction", "word"),
    [
        ("", "ltr", "Pay by"),
        ("en", "ltr", "Pay by"),
        ("bn", "ltr", "পরিশোধের শেষ তারিখ"),
        ("es", "ltr", "Pagar hasta"),
        ("pt", "ltr", "Pagar até"),
        ("fr", "ltr", "À payer jusqu’au"),
        ("ar", "rtl", "تاريخ الاستحقاق"),
    ],
)
def test_a_bill_is_in_the_language_of_its_customer(issued, language, direction, word):
    page = rendering.html(papers.bill(issued(language=language)))
    assert f'<html lang="{language or "en"}" dir="{direction}">' in page
    assert word in page


def test_without_a_language_of_their_own_customers_get_that_of_the_installation(issued):
    with override_settings(LANGUAGE_CODE="fr"):
        assert "15 mai 2026" in rendering.html(papers.bill(issued()))


def test_the_language_of_the_staff_is_not_that_of_the_document(issued):
    with translation.override("fr"):
        assert "Pay by" in rendering.html(papers.bill(issued(language="en")))
        assert translation.get_language() == "fr"


def test_names_keep_the_direction_of_their_own_letters(issued):
    arabic = rendering.html(papers.bill(issued(language="ar", name="محمد", address="12 Station Road")))
    assert '<bdi dir="rtl">محمد</bdi>' in arabic
    assert '<bdi dir="ltr">12 Station Road</bdi>' in arabic


@pytest.mark.parametrize("language", TRANSLATED)
def test_amounts_are_written_as_on_the_pages_of_staff(issued, language):
    with translation.override(language):
        shown = formatting.money(Decimal(20))
    assert ("\u2067\u2068" in shown) == (language == "ar")
    assert shown in rendering.html(papers.bill(issued(language=language)))


def test_a_document_from_right_to_left_can_be_read_back_from_its_pdf(issued, pdf_of):
    bill = issued(language="ar")
    text = text_of(pdf_of(papers.bill(bill)))
    assert bill.number in text
    assert "20.00" in text
