"""What the provider puts on documents: a logo, a contact, a way to pay, templates of their own."""

import base64
from decimal import Decimal

import pytest
import segno
from django.core.checks import run_checks
from django.template import engines
from django.test import override_settings

from billing.documents import bills as papers
from billing.documents import rendering
from billing.services import payments
from tests.builders import at
from tests.documents.reading import text_of

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def custom(tmp_path, settings):
    """The provider's folder, empty; what is put into it counts at once."""
    settings.CUSTOM_DIR = tmp_path
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    return tmp_path


def shown(bill):
    return rendering.html(papers.bill(bill))


def test_the_logo_and_the_contact_stand_on_every_document(custom, issued, settings):
    (custom / "logo.png").write_bytes(PIXEL)
    settings.COMPANY_LOGO, settings.COMPANY_CONTACT = "logo.png", "+32 2 555 01 01"
    page = shown(issued())
    assert f'src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"' in page
    assert "+32 2 555 01 01" in page


def test_a_logo_that_is_gone_stops_no_document(custom, issued, settings):
    settings.COMPANY_LOGO = "logo.png"
    assert "<img" not in shown(issued())


def test_a_template_of_the_providers_own_is_used(custom, issued):
    folder = custom / "templates/billing/documents"
    folder.mkdir(parents=True)
    (folder / "bill.html").write_text("Mine: {{ document.number }} {{ document.total }}")
    assert shown(issued()) == "Mine: B000001 20.000"


def test_a_template_with_a_mistake_is_named_by_the_check(custom):
    path = custom / "templates/billing/documents/bill.html"
    path.parent.mkdir(parents=True)
    path.write_text("{% if %}")
    engines["django"].engine.template_loaders[0].reset()
    [error] = [message for message in run_checks() if message.id == "billing.E022"]
    assert str(path) in error.msg
    assert "Unexpected end of expression" in error.msg


def test_a_template_reaches_nothing_outside_the_document(custom, issued, pdf_of, tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20">secret</text></svg>')
    path = custom / "templates/billing/documents/bill.html"
    path.parent.mkdir(parents=True)
    carried = base64.b64encode(secret.read_bytes().replace(b"secret", b"carried")).decode()
    path.write_text(f'Bill <img src="file://{secret}"> <img src="data:image/svg+xml;base64,{carried}">')
    assert text_of(pdf_of(papers.bill(issued()))) == "Bill carried"


@pytest.mark.parametrize(
    ("kind", "account", "currency", "payload"),
    [
        ("upi", "fibre@okbank", "INR", "upi://pay?pa=fibre%40okbank&pn=Fibre&am=15.00&cu=INR&tr=B000001&tn=B000001"),
        ("text", "Pay {amount} {currency} for {number}", "USD", "Pay 15.00 USD for B000001"),
        ("text", "Pay {amount}", "JPY", "Pay 15"),
    ],
)
def test_the_code_asks_for_what_is_left_to_pay(issued, kind, account, currency, payload):
    pays = {"PAYMENT_QR": kind, "PAYMENT_ACCOUNT": account, "CURRENCY": currency, "COMPANY_NAME": "Fibre"}
    with override_settings(**pays):
        bill = issued(price="20")
        payments.receive(customer=bill.customer, amount=Decimal(5), method="cash", now=at("2026-05-02"))
        paper = papers.bill(bill)
    expected = segno.make_qr(payload, error="m").svg_data_uri(scale=4, border=1)
    assert paper.content["way_to_pay"].code == expected


def test_the_code_of_european_banks_follows_their_standard(issued):
    account = "BE71 0961 2345 6769"
    with override_settings(PAYMENT_QR="epc", PAYMENT_ACCOUNT=account, CURRENCY="EUR", COMPANY_NAME="Fibre"):
        way = papers.bill(issued()).content["way_to_pay"]
    lines = ("BCD", "002", "2", "SCT", "", "Fibre", "BE71096123456769", "EUR20", "", "", "B000001")
    expected = segno.make_qr("\n".join(lines), error="m", boost_error=False, encoding="iso-8859-1")
    assert way.code == expected.svg_data_uri(scale=4, border=1)
    assert way.account == account


def test_nothing_asks_for_money_that_is_not_owed(issued):
    with override_settings(PAYMENT_QR="text", PAYMENT_ACCOUNT="Pay {number}"):
        bill = issued()
        assert "How to pay" in shown(bill)
        payments.receive(customer=bill.customer, amount=Decimal(20), method="cash", now=at("2026-05-02"))
        assert "How to pay" not in shown(bill)


def test_an_account_without_a_code_is_printed(issued):
    with override_settings(PAYMENT_ACCOUNT="Bank of somewhere 12-34"):
        page = shown(issued())
    assert "Bank of somewhere 12-34" in page
    assert "data:image" not in page
