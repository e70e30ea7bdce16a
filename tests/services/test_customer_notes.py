"""Notes of staff about a customer are added once and stay as they are."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from billing.models import CustomerNote
from billing.rules.errors import Refused
from billing.services import customer_notes
from tests.builders import make_customer

pytestmark = pytest.mark.django_db


def write(**values):
    return customer_notes.write(
        **{"customer": make_customer(), "text": "Rings at noon", "now": timezone.now(), **values}
    )


@pytest.mark.parametrize(
    ("text", "says"), [("  ", "Write what your colleagues should know"), ("x" * 501, "Shorten it to 500 letters")]
)
def test_a_note_without_text_or_too_long_is_refused(text, says):
    with pytest.raises(Refused, match=says):
        write(text=text)
    assert not CustomerNote.objects.exists()


def test_m9_the_same_request_writes_one_note_and_with_another_text_is_refused():
    customer, key = make_customer(), uuid4()
    first = write(customer=customer, request_key=key)
    assert write(customer=customer, request_key=key) == first
    with pytest.raises(Refused, match="already used for note"):
        write(customer=customer, request_key=key, text="Something else")
    assert CustomerNote.objects.get() == first


@pytest.mark.parametrize(
    "change", ["UPDATE billing_customernote SET text = 'Other'", "DELETE FROM billing_customernote"]
)
def test_postgresql_refuses_to_change_or_remove_a_note(change):
    write()
    with pytest.raises(DatabaseError, match="never changed or removed"), connection.cursor() as cursor:
        cursor.execute(change)
