"""Sessions that have ended lie in tables by month, which are made ahead and dropped whole."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import SessionRecord
from billing.services.network import session_history
from tests.builders import at
from tests.services.network.situations import asked, make_router

pytestmark = pytest.mark.django_db


def record(stopped_at):
    router = make_router()
    values = {"session_id": "1", "login": "ann", "started_at": stopped_at, "updated_at": stopped_at, "cause": ""}
    one = SessionRecord.objects.create(**values, unique_id=f"u{router.pk}", router=router, stopped_at=stopped_at)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")  # none waits for the end of this test
    return one


def place_of(one):
    return asked("SELECT tableoid::regclass::text AS name FROM billing_sessionrecord WHERE id = %s", one.pk)[0]["name"]


def test_this_month_and_the_next_two_are_there_from_the_start():
    now = timezone.now()
    assert place_of(record(now)) == f"billing_sessionrecord_{now:%Y%m}"


def test_months_are_made_ahead_and_take_what_lies_in_the_rest():
    early = record(at("2031-05-09"))
    assert place_of(early) == "billing_sessionrecord_rest"
    session_history.keep(at("2031-03-31T23:59"))
    assert place_of(early) == "billing_sessionrecord_203105"
    assert session_history.keep(at("2031-03-31T23:59")) == []


def test_whole_months_are_dropped_when_they_are_too_old(settings):
    settings.SESSION_HISTORY_DAYS = 60
    session_history.keep(at("2031-01-15"))
    kept, old = record(at("2031-02-01")), record(at("2031-01-31T23:59:59"))
    older = record(at("1990-01-01"))
    dropped = session_history.keep(at("2031-04-02"))
    assert dropped[-1] == "billing_sessionrecord_203101"
    left = set(SessionRecord.objects.values_list("pk", flat=True))
    assert kept.pk in left and not {old.pk, older.pk} & left


def test_what_is_young_stays(settings):
    settings.SESSION_HISTORY_DAYS = 31
    now = timezone.now()
    young = record(now - timedelta(days=30))
    session_history.keep(now)
    assert SessionRecord.objects.get() == young
