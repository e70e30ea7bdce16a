"""Passwords and secrets are sealed by one recipe, which Python and PostgreSQL both know (decision 40)."""

import hashlib
import hmac

import pytest
from django.db import InternalError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.services.network import sealing
from tests.services.network.situations import asked

pytestmark = pytest.mark.django_db

KEY = "k" * 32
TEXTS = ["x", "correct-horse", "с паролем ☂", "a" * 31, "a" * 32, "a" * 33, "a" * 256, "quotes'\"`\\%{x}"]


@pytest.fixture(autouse=True)
def key(settings):
    settings.NETWORK_KEY = KEY


@pytest.mark.parametrize("text", TEXTS)
def test_what_python_seals_both_open(text):
    sealed = sealing.seal(text)
    assert sealing.unseal(sealed) == text
    asked("SELECT radius.use_key(%s)", KEY)
    assert asked("SELECT radius.unseal(%s) AS text", sealed) == [{"text": text}]


@given(st.text(min_size=1, max_size=60, alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    assert sealing.unseal(sealing.seal(text)) == text


@pytest.mark.parametrize("key", ["k" * 32, "k" * 64, "k" * 65, "k" * 200])
def test_postgresql_derives_the_keys_of_rfc_2104(key):
    asked("SELECT radius.use_key(%s)", key)
    found = asked(
        "SELECT radius.hmac(current_setting('isp.tag_inner'), current_setting('isp.tag_outer'), 'message') AS mac"
    )
    derived = hmac.digest(key.encode(), b"tag", "sha256")
    assert bytes(found[0]["mac"]) == hmac.new(derived, b"message", hashlib.sha256).digest()


def test_the_same_text_looks_different_each_time_and_is_not_in_it():
    first, second = sealing.seal("correct-horse"), sealing.seal("correct-horse")
    assert first != second and b"correct-horse" not in first
    assert len(first) == 16 + len("correct-horse") + 32


@pytest.mark.parametrize("place", [0, 15, 16, 20, -33, -32, -1])
def test_a_changed_bit_is_noticed_by_both(place):
    sealed = bytearray(sealing.seal("correct-horse"))
    sealed[place] ^= 1
    with pytest.raises(sealing.WrongKey):
        sealing.unseal(bytes(sealed))
    asked("SELECT radius.use_key(%s)", KEY)
    with pytest.raises(InternalError, match="is not the key"), transaction.atomic():
        asked("SELECT radius.unseal(%s)", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"x" * 48, b"x" * 49])
def test_what_was_never_sealed_is_not_opened(sealed):
    with pytest.raises(sealing.WrongKey):
        sealing.unseal(sealed)
    asked("SELECT radius.use_key(%s)", KEY)
    with pytest.raises(InternalError, match="is not the key"), transaction.atomic():
        asked("SELECT radius.unseal(%s)", sealed)


def test_another_key_opens_nothing(settings):
    sealed = sealing.seal("correct-horse")
    settings.NETWORK_KEY = "l" * 32
    with pytest.raises(sealing.WrongKey, match="NETWORK_KEY"):
        sealing.unseal(sealed)
    asked("SELECT radius.use_key(%s)", "l" * 32)
    with pytest.raises(InternalError, match="is not the key"), transaction.atomic():
        asked("SELECT radius.unseal(%s)", sealed)


def test_without_a_key_both_say_what_to_do(settings):
    sealed = sealing.seal("correct-horse")
    settings.NETWORK_KEY = ""
    with pytest.raises(Refused, match="set it to at least 32 random characters"):
        sealing.seal("x")
    with pytest.raises(Refused, match="There is no NETWORK_KEY"):
        sealing.unseal(sealed)
    with pytest.raises(InternalError, match="missing or shorter"), transaction.atomic():
        asked("SELECT set_config('isp.tag_inner', '', false), radius.unseal(%s)", sealed)
    with pytest.raises(InternalError, match="missing or shorter"), transaction.atomic():
        asked("SELECT radius.use_key('short')")


@pytest.mark.parametrize("text", ["", "x" * 257, "ü" * 129])
def test_what_cannot_be_sealed_is_refused(text):
    with pytest.raises(Refused, match="1 to 256"):
        sealing.seal(text)
