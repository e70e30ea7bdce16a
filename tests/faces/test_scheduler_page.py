"""The page “Scheduler”: what it shows, who may look and ask, and that asking only writes a request."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from tests.builders import at
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.monitoring.runs import add_leader, add_run, run_every_job
from utils.background_tasks import TIMETABLE
from utils.models import Alarm, AlarmNotice, Instance, JobRequest, JobRun, PausedJob

CHECK = TIMETABLE[0]
PAGE = "/admin/scheduler/"


def look(client):
    response = client.get(PAGE)
    assert response.status_code == 200
    return response


def row_of(response, job=CHECK):
    """The cells of a job as plain text, by the heads of their columns."""
    [panel] = [panel for panel in response.context["panels"] if panel.title == "Jobs"]
    place = [one.id for one in TIMETABLE].index(job.id)
    plain = [re.sub(r"<[^>]+>", " ", str(cell)) for cell in panel.rows[place]]
    return {head.text: " ".join(cell.split()) for head, cell in zip(panel.columns, plain, strict=True)}


def facts(response):
    return {name: str(value) for name, value in response.context["facts"]}


def ask(client, kind, job=CHECK, key=None, **options):
    address = reverse("ask_scheduler", args=[job.id, kind])
    return client.post(address, {"request_key": str(key or uuid4())}, **options)


@pytest.fixture
def well():
    now = timezone.now()
    add_leader(now, name="host-1:7")
    add_leader(now, name="host-2:7", role="standby")
    run_every_job(now)


def test_it_shows_who_leads_and_how_each_job_is(admin_client, admin_user, today):
    today("2026-05-05")
    noon = at("2026-05-05T12:00")
    add_leader(noon - timedelta(seconds=4), name="host-1:7")
    add_leader(noon, name="host-2:7", role="standby")
    run_every_job(at("2026-05-05T11:58"))
    failed = add_run(CHECK.id, "2026-05-05T11:59", result="failed", error="ValueError: <b>no</b>\nTraceback\n  here")
    DjangoJob.objects.create(id=CHECK.id, next_run_time=at("2026-05-05T12:01"), job_state=b"")
    PausedJob.objects.create(job_id=TIMETABLE[3].id, since=noon, paused_by=admin_user)
    response = look(admin_client)
    assert facts(response) == {
        "Leader": "host-1:7, since May 4, 2026, 11:59 a.m.",
        "Last heard of": "4 seconds ago",
        "On standby": "host-2:7",
        "Times": "in the zone UTC; as of May 5, 2026, noon",
    }
    row = row_of(response)
    assert row["Job"] == f"{CHECK.name} {CHECK.id}"
    assert (row["Schedule"], row["Next run"]) == ("every minute", "May 5, 2026, 12:01 p.m.")
    assert row["State"] == "failing"
    assert row["Last success"] == "May 5, 2026, 11:58 a.m."
    assert row["Last error"] == "May 5, 2026, 11:59 a.m. ValueError: &lt;b&gt;no&lt;/b&gt;"
    assert f'href="{url(failed)}"' in text_of(response)
    assert row_of(response, TIMETABLE[3])["State"] == "paused paused since May 5, 2026, noon by admin"
    assert row_of(response, TIMETABLE[4])["Schedule"] == "Mondays at 00:00"
    assert not response.context["warnings"]


def test_local_times_are_those_of_the_installations_zone(admin_client, settings, today):
    settings.TIME_ZONE = "Asia/Dhaka"
    today("2026-05-05")
    run_every_job(at("2026-05-05T11:59"))
    response = look(admin_client)
    assert row_of(response)["Last success"] == "May 5, 2026, 5:59 p.m."
    assert "Asia/Dhaka" in facts(response)["Times"]


def test_a_late_job_is_red_and_says_since_when(admin_client, today):
    today("2026-05-05")
    add_leader(at("2026-05-05T12:00"))
    run_every_job(at("2026-05-05T11:50"))
    add_run(CHECK.id, "2026-05-05T11:55", seconds=None)
    response = look(admin_client)
    assert row_of(response)["State"] == (
        "late missing since May 5, 2026, 11:51 a.m. running since May 5, 2026, 11:55 a.m."
    )
    late = re.search(r"<span[^>]*bg-red-100[^>]*>\s*late\s*</span>", text_of(response))
    assert late
    assert "“Check and disable expired subscriptions” is late" in response.context["warnings"][0]


def test_the_page_works_while_no_scheduler_was_ever_there(admin_client):
    response = look(admin_client)
    assert facts(response)["Last heard of"] == "never"
    assert row_of(response) == {
        "Job": f"{CHECK.name} {CHECK.id}",
        "Schedule": "every minute",
        "State": "new",
        "Last success": "–",
        "Last error": "–",
        "Next run": "–",
        "How long it took": "",
        "Ask for": "Run now Pause",
    }


def test_the_chart_shows_the_last_runs_and_says_the_same_in_words(admin_client):
    for minute in range(31):
        add_run(CHECK.id, f"2026-05-05T11:{minute:02}", seconds=60 if minute == 0 else 0.5)
    add_run(CHECK.id, "2026-05-05T11:32", seconds=2, result="failed")
    page = text_of(look(admin_client))
    words = "The last 30 runs took 0.50 s to 2.00 s, the latest 2.00 s. 1 run did not succeed."
    assert f'role="img" aria-label="{words}"' in page
    assert f"<title>{words}</title>" in page
    chart = re.search(r"<svg class=.durations.*?</svg>", page)[0]
    assert (chart.count('class="good"'), chart.count('class="bad"')) == (29, 1)
    assert chart.endswith('<rect x="145" y="0.0" width="4" height="24.0" class="bad"></rect></svg>')


def test_open_alarms_are_for_those_who_may_see_alarms(staff, well):
    alarm = Alarm.objects.create(key="x", text="The books differ", began_at=timezone.now())
    Alarm.objects.create(key="y", text="Long over", began_at=timezone.now(), ended_at=timezone.now())
    page = text_of(look(staff("view_jobrun", "view_alarm")))
    assert f'href="{url(alarm)}"' in page
    assert "Long over" not in page
    assert url(alarm) not in text_of(look(staff("view_jobrun")))


def test_the_queries_of_the_page_do_not_grow_with_the_runs(admin_client, django_assert_num_queries, well):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    look(admin_client)
    with CaptureQueriesContext(connection) as few:
        look(admin_client)
    for minute in range(1, 4):
        run_every_job(timezone.now() + timedelta(minutes=minute))
    with CaptureQueriesContext(connection) as more:
        look(admin_client)
    assert len(more) == len(few) <= 6  # session, user, second step, areas, status, durations
    assert "job_state" not in str(more.captured_queries)


def test_who_may_only_look_is_offered_nothing(staff, well):
    page = look(staff("view_jobrun"))
    assert "Ask for" not in row_of(page)
    assert 'action="/admin/scheduler/' not in text_of(page)
    assert row_of(look(staff("view_jobrun", "run_job")))["Ask for"] == "Run now"
    assert row_of(look(staff("view_jobrun", "pause_job")))["Ask for"] == "Pause"


@pytest.mark.parametrize(("kind", "permission"), [("run", "run_job"), ("pause", "pause_job"), ("resume", "pause_job")])
def test_asking_needs_its_permission_and_that_of_the_page(staff, kind, permission):
    others = {"run_job", "pause_job"} - {permission}
    assert ask(staff("view_jobrun", *others), kind).status_code == 403
    assert ask(staff(permission), kind).status_code == 403
    assert not JobRequest.objects.exists()
    assert ask(staff("view_jobrun", permission), kind).status_code == 302
    assert JobRequest.objects.get().kind == kind


def test_a_request_is_written_for_the_leader_and_kept_in_the_log_of_the_staff(admin_client, admin_user, well):
    response = ask(admin_client, "run", follow=True)
    asked = JobRequest.objects.get()
    assert (asked.job_id, asked.kind, asked.asked_by, asked.done_at) == (CHECK.id, "run", admin_user, None)
    assert JobRun.objects.count() == len(TIMETABLE)  # nothing ran here
    assert "“Check and disable expired subscriptions” is to run now." in shown_messages(response)
    assert "within seconds" in shown_messages(response)
    assert "asked to run at" in row_of(response)["State"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin_user, str(asked.pk))
    assert entry.get_change_message() == f"Asked the scheduler: Run now, {CHECK.id}."


def test_what_is_asked_while_nobody_leads_waits_and_says_so(admin_client):
    response = ask(admin_client, "pause", follow=True)
    assert "No scheduler leads at the moment" in shown_messages(response)
    assert JobRequest.objects.get().done_at is None


def test_a_double_click_makes_one_request_also_when_the_leader_was_quicker(admin_client, well):
    key = uuid4()
    ask(admin_client, "run", key=key)
    JobRequest.objects.update(done_at=timezone.now(), outcome="started")
    response = ask(admin_client, "run", key=key, follow=True)
    assert JobRequest.objects.count() == LogEntry.objects.count() == 1
    assert "is to run now" in shown_messages(response)
    ask(admin_client, "run")
    assert JobRequest.objects.count() == LogEntry.objects.count() == 2


def test_what_somebody_asked_for_already_is_not_asked_twice(admin_client, staff, well):
    first = staff("view_jobrun", "run_job")
    ask(first, "run")
    response = ask(admin_client, "run", follow=True)
    assert JobRequest.objects.count() == LogEntry.objects.count() == 1
    assert f"asked for already, by {JobRequest.objects.get().asked_by}" in shown_messages(response)
    ask(admin_client, "run", job=TIMETABLE[1])
    assert JobRequest.objects.count() == 2


def test_a_paused_job_is_offered_to_be_resumed(admin_client, admin_user, well):
    PausedJob.objects.create(job_id=CHECK.id, since=timezone.now(), paused_by=None)
    assert row_of(look(admin_client))["Ask for"] == "Run now Resume"
    ask(admin_client, "resume")
    assert JobRequest.objects.get().kind == "resume"
    assert PausedJob.objects.exists()  # the leader alone acts on it


def test_the_buttons_send_what_the_view_takes(admin_client, well):
    page = text_of(look(admin_client))
    address = reverse("ask_scheduler", args=[CHECK.id, "run"])
    form = re.search(rf'<form method="post" action="{address}">.*?</form>', page, re.DOTALL)[0]
    values = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form))
    assert set(values) == {"csrfmiddlewaretoken", "request_key"}
    assert len(re.findall(r'name="request_key" value="([^"]+)"', page)) == len(
        set(re.findall(r'name="request_key" value="([^"]+)"', page))
    )
    admin_client.post(address, values)
    assert str(JobRequest.objects.get().request_key) == values["request_key"]


@pytest.mark.parametrize(
    ("job_id", "kind", "data", "status"),
    [
        (CHECK.id, "delete", {}, 404),
        ("no_such_job", "run", {}, 404),
        (CHECK.id, "run", {}, 302),
        (CHECK.id, "run", {"request_key": "x"}, 302),
    ],
)
def test_what_is_not_asked_by_the_form_asks_for_nothing(admin_client, job_id, kind, data, status):
    address = reverse("ask_scheduler", args=[job_id, kind])
    assert admin_client.get(address).status_code == 405
    assert admin_client.post(address, data).status_code == status
    assert not JobRequest.objects.exists()


def test_a_key_that_asked_for_something_else_is_refused(admin_client):
    key = uuid4()
    ask(admin_client, "run", key=key)
    response = ask(admin_client, "pause", key=key, follow=True)
    assert "This form was already used" in shown_messages(response)
    assert JobRequest.objects.count() == 1


def test_a_request_without_the_token_of_the_form_is_refused(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert ask(client, "run").status_code == 403
    assert not JobRequest.objects.exists()


@pytest.mark.parametrize("model", [JobRun, Instance, JobRequest, Alarm])
def test_the_tables_behind_it_can_only_be_seen(admin_client, staff, admin_user, model):
    add_run(CHECK.id, "2026-05-05T11:00", result="failed", error="Traceback\nValueError: <b>no</b>")
    add_leader(timezone.now())
    JobRequest.objects.create(job_id=CHECK.id, kind="run", asked_at=timezone.now(), asked_by=admin_user)
    alarm = Alarm.objects.create(key="x", text="Something", began_at=timezone.now())
    AlarmNotice.objects.create(alarm=alarm, channel="mail", next_try_at=timezone.now(), tries=3, error="Refused")
    row = model.objects.get()
    assert admin_client.get(list_url(model)).status_code == 200
    page = text_of(admin_client.get(url(row)))
    assert {JobRun: "&lt;b&gt;no", Alarm: "Refused", Instance: "host-1", JobRequest: "admin"}[model] in page
    assert admin_client.post(url(row), {}).status_code == 403
    assert admin_client.post(url(row, "delete"), {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse(f"admin:utils_{model._meta.model_name}_add")).status_code == 403
    assert staff("view_customer").get(list_url(model)).status_code == 403
