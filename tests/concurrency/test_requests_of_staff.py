"""What staff ask of the scheduler is asked once, whoever clicks at the same moment."""

from uuid import uuid4

import pytest
from django.utils import timezone

from tests.concurrency.races import together
from utils.background_tasks import TIMETABLE
from utils.models import JobRequest
from utils.scheduler import requests

pytestmark = pytest.mark.django_db(transaction=True)
JOB = TIMETABLE[0].id


def asking(ask=requests.ask_run, key=None):
    return lambda: ask(JOB, timetable=TIMETABLE, by=None, now=timezone.now(), request_key=key).pk


def test_a_form_that_is_sent_eight_times_at_once_asks_once():
    key = uuid4()
    assert len(set(together(*[asking(key=key)] * 8))) == 1
    assert JobRequest.objects.count() == 1


def test_eight_people_who_ask_for_the_same_at_once_make_one_request():
    assert len(set(together(*(asking(key=uuid4()) for _ in range(8))))) == 1
    JobRequest.objects.update(done_at=timezone.now())
    assert len(set(together(*(asking() for _ in range(8))))) == 1
    assert JobRequest.objects.count() == 2


def test_different_requests_do_not_hinder_each_other():
    together(*(asking(ask) for ask in (requests.ask_run, requests.ask_pause, requests.ask_resume)))
    assert sorted(JobRequest.objects.values_list("kind", flat=True)) == ["pause", "resume", "run"]
