"""The watch logs at once and delivers by threads, which hold up nothing; a command tries the channels out."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.alarms.receivers import free_port
from tests.builders import at
from tests.jobs.notes import until
from utils.alarms import following
from utils.alarms.conditions import Findings
from utils.alarms.delivery import Delivery, Pace
from utils.alarms.watch import Watch
from utils.models import Alarm, AlarmNotice

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")
QUICK = Pace(look=0.02, first_retry=timedelta(seconds=0.05), last_retry=timedelta(seconds=0.1))


@pytest.fixture
def kept():
    """Keep a watch, or a delivery, and end it with the test."""
    working = []
    yield lambda one: working.append(one) or one
    for one in working:
        one.end()


def test_a_webhook_that_does_not_answer_holds_up_no_mail_and_no_look(mail, webhook, caplog, kept):
    webhook.hold()
    troubles = [("bills", "wrong")]
    watch = kept(Watch({"failed": lambda now: troubles}, pace=QUICK))
    watch.look(timezone.now())
    until(lambda: webhook.requests and mail.mails)
    troubles.clear()
    watch.look(timezone.now())
    until(lambda: len(mail.mails) == 2)
    assert caplog.messages == ["ALARM: wrong", "ALARM OVER: wrong"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    webhook.stop()
    webhook.start()
    until(lambda: not AlarmNotice.objects.filter(sent_at=None).exists())
    assert [body["ended_at"] is None for body in webhook.bodies][-2:] == [True, False]


def test_a_thread_of_delivery_outlives_an_error_of_ours(webhook, caplog, kept):
    calls = []

    def broken_at_first(notice):
        calls.append(notice)
        if len(calls) == 1:
            raise ZeroDivisionError

    following.follow(Findings({"failed:bills": "wrong"}), channels=["webhook"], now=timezone.now())
    kept(Delivery("webhook", broken_at_first, QUICK)).wake()
    until(lambda: not AlarmNotice.objects.filter(sent_at=None).exists())
    assert "Notices by webhook failed" in caplog.text


def test_without_settings_alarms_go_to_the_log_only(caplog):
    Watch({"failed": lambda now: [("bills", "wrong")]}).look(NOW)
    assert caplog.messages == ["ALARM: wrong"]
    assert AlarmNotice.objects.count() == 0


def test_a_second_process_does_not_log_what_goes_on_already(caplog):
    sources = {"failed": lambda now: [("bills", "wrong")]}
    for _ in range(2):
        Watch(sources).look(NOW)
    assert caplog.messages == ["ALARM: wrong"]


def test_a_source_that_fails_is_logged_with_its_traceback_once(caplog):
    def broken(now):
        raise ZeroDivisionError("division by zero")

    watch = Watch({"failed": broken})
    for _ in range(3):
        watch.look(NOW)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "ZeroDivisionError" in caplog.text
    assert caplog.messages[-1] == "ALARM: Alarms of the kind “failed” cannot be told: division by zero"


def test_the_command_for_trial_tells_by_every_channel_and_stores_nothing(mail, webhook, capsys):
    call_command("test_alarm")
    assert capsys.readouterr().out == "It was told by mail.\nIt was told by webhook.\n"
    assert (len(mail.mails), len(webhook.requests), Alarm.objects.count()) == (1, 1, 0)


def test_the_command_for_trial_says_what_does_not_work(mail, webhook, settings):
    settings.EMAIL_PORT = free_port()
    with pytest.raises(CommandError, match="cannot be told by mail: ConnectionRefusedError: Connection refused"):
        call_command("test_alarm")
    assert len(webhook.requests) == 1


def test_the_command_for_trial_says_when_nothing_is_set_up():
    with pytest.raises(CommandError, match="set ALARM_EMAILS or ALARM_WEBHOOK_URL"):
        call_command("test_alarm")
