"""Alarms arrive by mail and webhook, late rather than never; none loses another, and no secret is told."""

import logging
import threading
from datetime import timedelta

import pytest

from tests.alarms.receivers import MailServer
from tests.builders import at
from tests.jobs.notes import until
from utils.alarms import channels, following
from utils.alarms.channels import Undeliverable
from utils.alarms.conditions import Findings
from utils.alarms.delivery import Pace, deliver_next
from utils.models import AlarmNotice

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]

NOW = at("2026-06-15T10:00")
SECOND = timedelta(seconds=1)
PACE = Pace(look=0.05, first_retry=timedelta(seconds=10), last_retry=timedelta(minutes=5))


def follow(*keys, now=NOW):
    found = Findings({key: f"{key} is wrong" for key in keys})
    following.follow(found, channels=channels.configured(), now=now)


def deliver_all(channel, send, *, now=NOW):
    while deliver_next(channel, send, PACE, now=now):
        pass


def deliver_mail(*, now=NOW):
    deliver_all("mail", channels.send_mail, now=now)


def deliver_posts(*, now=NOW):
    deliver_all("webhook", channels.post, now=now)


def waiting():
    return AlarmNotice.objects.filter(sent_at=None).count()


def test_a_mail_tells_what_began_and_another_that_it_is_over(mail, settings):
    settings.COMPANY_NAME, settings.TIME_ZONE = "Example Net", "UTC"
    follow("failed:bills")
    follow(now=NOW + 60 * SECOND)
    deliver_mail()
    deliver_mail(now=NOW + 60 * SECOND)
    assert mail.subjects == [
        "[Example Net] ALARM: failed:bills is wrong",
        "[Example Net] ALARM OVER: failed:bills is wrong",
    ]
    first, second = mail.mails
    assert (first["To"], first["From"]) == ("ops@example.net, boss@example.net", "isp@example.net")
    assert first.get_content().splitlines() == ["ALARM: failed:bills is wrong", "", "Began: 2026-06-15 10:00:00 UTC"]
    assert second.get_content().splitlines()[3] == "Ended: 2026-06-15 10:01:00 UTC"
    assert first["Message-ID"] != second["Message-ID"]
    assert waiting() == 0


def test_a_webhook_gets_json(webhook, settings):
    settings.COMPANY_NAME, settings.ALARM_WEBHOOK_TOKEN = "Example Net", "t0ken"
    follow("failed:bills")
    follow(now=NOW + 60 * SECOND)
    deliver_posts()
    deliver_posts(now=NOW + 60 * SECOND)
    told = {"key": "failed:bills", "began_at": "2026-06-15T10:00:00+00:00", "installation": "Example Net"}
    assert webhook.bodies == [
        {**told, "text": "ALARM: failed:bills is wrong", "ended_at": None},
        {**told, "text": "ALARM OVER: failed:bills is wrong", "ended_at": "2026-06-15T10:01:00+00:00"},
    ]
    path, headers, _ = webhook.requests[0]
    assert (path, headers["Authorization"]) == ("/hook?key=secret", "Bearer t0ken")
    assert headers["Content-Type"] == "application/json"


def test_without_a_token_none_is_sent(webhook):
    follow("failed:bills")
    deliver_posts()
    assert "Authorization" not in webhook.requests[0][1]


def test_a_server_that_is_away_gets_everything_later_and_each_beginning_before_its_end(mail, caplog):
    mail.stop()
    follow("failed:bills", "late:bills")
    deliver_mail()
    follow("late:bills", now=NOW + SECOND)
    deliver_mail(now=NOW + SECOND)
    assert waiting() == 3
    mail.start()
    deliver_mail(now=NOW + 9 * SECOND)
    assert mail.mails == [], "it is not yet time"
    deliver_mail(now=NOW + 10 * SECOND)
    assert [subject.partition("] ")[2] for subject in mail.subjects] == [
        "ALARM: failed:bills is wrong",
        "ALARM: late:bills is wrong",
        "ALARM OVER: failed:bills is wrong",
    ]


def test_the_pauses_between_the_tries_grow_to_five_minutes_and_never_end():
    pauses = [PACE.retry_after(tries).total_seconds() for tries in (1, 2, 3, 4, 5, 6, 1000, 10**6)]
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]


def test_a_notice_that_is_refused_for_ever_holds_up_no_other(webhook):
    def refuse_bills(notice):
        if "bills" in notice.alarm.key:
            raise Undeliverable("never")
        channels.post(notice)

    follow("failed:bills", "late:reminders")
    for step in range(3):
        deliver_all("webhook", refuse_bills, now=NOW + step * 600 * SECOND)
    assert [body["key"] for body in webhook.bodies] == ["late:reminders"]
    assert AlarmNotice.objects.get(sent_at=None).tries == 3


def test_one_recipient_whom_the_server_refuses_loses_the_others_nothing(mail):
    mail.refused = {"ops@example.net"}
    follow("failed:bills")
    deliver_mail()
    assert len(mail.mails) == 1
    assert waiting() == 0


@pytest.mark.parametrize(("status", "said"), [(500, "the answer was HTTP 500"), (404, "the answer was HTTP 404")])
def test_an_answer_that_is_not_2xx_is_tried_again(webhook, status, said):
    webhook.status = status
    follow("failed:bills")
    deliver_posts()
    assert AlarmNotice.objects.get().error == said
    webhook.status = 204
    deliver_posts(now=NOW + 10 * SECOND)
    assert (waiting(), AlarmNotice.objects.get().error) == (0, "")


def test_a_redirect_is_not_followed_because_the_token_is_for_one_address(webhook):
    webhook.status, webhook.location = 302, f"{webhook.url}/elsewhere"
    follow("failed:bills")
    deliver_posts()
    assert webhook.paths == ["/hook?key=secret"]
    assert AlarmNotice.objects.get().error == "the answer was HTTP 302"


def test_a_process_that_dies_while_it_sends_leaves_the_notice_to_the_next(webhook):
    def die(notice):
        raise KeyboardInterrupt

    follow("failed:bills")
    with pytest.raises(KeyboardInterrupt):
        deliver_next("webhook", die, PACE, now=NOW)
    deliver_posts(now=NOW + 9 * SECOND)
    assert webhook.bodies == []
    deliver_posts(now=NOW + 10 * SECOND)
    assert len(webhook.bodies) == 1


def test_a_notice_that_is_being_sent_is_not_sent_by_another_process(webhook):
    follow("failed:bills")
    webhook.hold()
    sending = threading.Thread(target=deliver_posts)
    sending.start()
    until(lambda: webhook.requests)
    assert not deliver_next("webhook", channels.post, PACE, now=NOW + SECOND)
    webhook.stop()
    sending.join(10)
    assert len(webhook.requests) == 1


SECRETS = ("secret", "t0ken", "hunter2", "127.0.0.1")


@pytest.mark.parametrize("fault", ["away", "refused", "wrong password", "not an address"])
def test_no_secret_is_logged_or_stored(mail, webhook, settings, caplog, fault):
    settings.ALARM_WEBHOOK_TOKEN = "t0ken"
    if fault == "away":
        mail.stop()
        webhook.stop()
    elif fault == "refused":
        mail.refused = set(settings.ALARM_EMAILS)
        webhook.status = 401
    elif fault == "wrong password":
        server = MailServer(account=("isp", "right")).start()
        settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = server.port, "isp", "hunter2"
    else:
        settings.ALARM_WEBHOOK_URL, settings.EMAIL_HOST = "http://127.0.0.1:x/secret", "secret.invalid"
    follow("failed:bills")
    with caplog.at_level(logging.DEBUG, "utils"):
        deliver_mail()
        deliver_posts()
    if fault == "wrong password":
        server.stop()
        assert AlarmNotice.objects.get(channel="mail").error == "SMTPAuthenticationError 535"
    told = caplog.text + "".join(AlarmNotice.objects.values_list("error", flat=True))
    assert "cannot be told by mail yet" in told
    assert [secret for secret in SECRETS if secret in told] == []


def test_that_it_cannot_be_told_is_logged_once_and_so_is_that_it_was_told_in_the_end(mail, caplog):
    mail.stop()
    follow("failed:bills")
    with caplog.at_level(logging.INFO, "utils.alarms"):
        for minute in range(5):
            deliver_mail(now=NOW + minute * 600 * SECOND)
        mail.start()
        deliver_mail(now=NOW + 3600 * SECOND)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "was told by mail at try 6" in caplog.messages[-1]


def test_a_mail_with_an_account(mail, settings):
    server = MailServer(account=("isp", "right")).start()
    settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = server.port, "isp", "right"
    follow("failed:bills")
    deliver_mail()
    server.stop()
    assert len(server.mails) == 1
