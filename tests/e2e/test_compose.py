"""The compose stack, really running: built from a fresh clone, used as the operators' paper says.

The tests are steps of one history and run in the order in which they stand here.
"""

import re
import shutil
import time

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.engine import paper, runs
from tests.e2e.engine.stack import BUILD_SECONDS, LONG_RUNNING, ONE_SHOT, poll
from tests.e2e.engine.terminal import CTRL_C
from utils.background_tasks import TIMETABLE

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

SECRET_FILES = [
    f"/run/secrets/{name}"
    for name in ("postgres_password", "database_url", "django_secret_key", "network_key", "radius_database_password")
]


def typed(stack, command, *, seconds=120, **options):
    """Type a command; it must succeed. Returns what it printed."""
    outcome = stack.terminal.run(command, seconds=seconds, **options)
    assert outcome.status == 0, f"{command}: status {outcome.status}\n{outcome.text[-4000:]}"
    return outcome.text


def in_order(lines, text):
    place = 0
    for line in lines:
        place = text.find(line, place)
        if place < 0:
            return False
    return True


# --- Start ---------------------------------------------------------------------------------
def test_one_command_brings_up_a_fresh_clone_without_any_settings(stack, say):
    say("docker-compose up -d (builds the image)")
    typed(stack, paper.UP, seconds=BUILD_SECONDS)
    stack.wait_until_healthy()
    assert stack.exit_codes(*ONE_SHOT) == {"secrets": 0, "migrate": 0}
    assert stack.get("/healthz")[0] == 200


def test_every_service_is_listed_as_running_and_healthy(stack):
    listing = typed(stack, paper.PS)
    for service in LONG_RUNNING:
        assert re.search(rf"{service}[-_]1.*\(healthy\)", listing), listing
    assert f"127.0.0.1:{stack.port}->8000/tcp" in listing


def test_the_scheduler_log_shows_the_six_lines_in_order(stack, say):
    say("waiting for the first run of the scheduler")
    poll(lambda: runs.recorded(stack), seconds=runs.A_TICK, what="first run")
    assert in_order(paper.LOG_LINES, typed(stack, paper.LOGS_OF_SCHEDULER))
    followed = stack.terminal.run(paper.FOLLOW_SCHEDULER, seconds=30, typed=[(paper.LOG_LINES[-1], CTRL_C)])
    assert in_order(paper.LOG_LINES, followed.text)


def test_the_web_log_shows_three_workers_and_the_requests(stack):
    assert stack.get("/admin/login/")[0] == 200
    followed = stack.terminal.run(paper.FOLLOW_WEB, seconds=30, typed=[('"GET /admin/login/', CTRL_C)])
    assert followed.text.count("Booting worker") == 3
    assert '"GET /admin/login/ HTTP/1.1" 200' in followed.text
    assert "APScheduler" not in followed.text


def test_the_job_queries_show_the_jobs(stack):
    listing = typed(stack, paper.LIST_JOBS)
    for job in TIMETABLE:
        assert re.search(rf"^Job: {job.id}, Next run: 20\d\d-", listing, re.MULTILINE), listing
    assert f"Jobs: {len(TIMETABLE)}\n" in typed(stack, paper.COUNT_JOBS)


# --- Safety --------------------------------------------------------------------------------
def test_the_deployment_check_is_clean(stack):
    checked = stack.compose("exec", "-T", "web", "python", "manage.py", "check", "--deploy", "--fail-level", "INFO")
    assert "System check identified no issues" in checked


def test_secrets_are_readable_only_by_those_who_need_them(stack):
    listing = stack.compose("exec", "-T", "db", "stat", "--format=%n %u %g %a", *SECRET_FILES)
    assert listing.splitlines() == [
        "/run/secrets/postgres_password 0 0 400",
        "/run/secrets/database_url 0 10001 440",
        "/run/secrets/django_secret_key 0 10001 440",
        "/run/secrets/network_key 0 10001 440",
        "/run/secrets/radius_database_password 0 10001 440",
    ]
    assert stack.compose("exec", "-T", "web", "id", "-u").strip() == "10001"
    refused = stack.compose("exec", "-T", "web", "cat", "/run/secrets/postgres_password", check=False)
    assert "Permission denied" in refused


def test_the_image_holds_neither_tests_nor_settings_nor_history(stack):
    files = set(stack.compose("exec", "-T", "web", "ls", "-A", "/app").split())
    assert {"manage.py", "run_scheduler.py", "static"} <= files
    assert not files & {"tests", ".env", ".git", "var", "docs"}


FONTS_OF_A_PDF = """
from decimal import Decimal
from io import BytesIO
from pypdf import PdfReader
from billing.documents import rendering
from billing.documents.papers import Paper
for language in ("en", "bn", "ar"):
    pdf = rendering.pdf([Paper("statement.html", "statement", language, {"owed": Decimal(0)})])
    fonts = PdfReader(BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values()
    print(language, *sorted({font.get_object()["/BaseFont"].partition("+")[2] for font in fonts}))
"""


def test_the_image_makes_pdf_with_the_letters_of_each_language(stack):
    fonts = stack.python(FONTS_OF_A_PDF).splitlines()
    assert [line.split()[0] for line in fonts] == ["en", "bn", "ar"]
    for line, script in zip(fonts, ("Noto-Sans", "Noto-Sans-Bengali", "Noto-Sans-Arabic"), strict=True):
        assert script in line, fonts


def test_a_wrong_password_is_told_at_once_and_without_a_traceback(stack):
    url = "postgresql://postgres:not-the-password@db:5432/django_db"
    settings = ("-e", "DATABASE_URL_FILE=", "-e", f"DATABASE_URL={url}")
    told = stack.compose("run", "--rm", "-T", *settings, "web", "true", check=False)
    assert "password authentication failed" in told
    assert "Correct DATABASE_URL" in told
    assert "Traceback" not in told
    assert "not-the-password" not in told


def test_the_first_staff_user_is_made_with_one_command_and_signs_in_with_a_browser(stack):
    password = "correct-horse-battery"
    answers = [("Username", "chief\n"), ("Email", "\n"), ("Password", f"{password}\n"), ("again", f"{password}\n")]
    made = typed(stack, "docker-compose exec web python manage.py createsuperuser", typed=answers)
    assert "Superuser created successfully" in made
    program = shutil.which("chromium") or pytest.skip("chromium not found: run `make setup-test-host`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{stack.port}/admin/")
        page.fill("input[name=username]", "chief")
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"http://127.0.0.1:{stack.port}/admin/")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        browser.close()
    assert cookies["sessionid"]["secure"]
    assert cookies["sessionid"]["httpOnly"]


# --- The loop ------------------------------------------------------------------------------
SUBSCRIBE = """
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from billing.models import Plan
from billing.services import bills, customers, subscriptions
then = timezone.now() - timedelta(days=45)
plan = Plan.objects.create(name="Fibre 100", price=Decimal("25.00"))
customer = customers.register(name="Overdue Olga", code="E2E-1", now=then)
subscription = subscriptions.open_subscription(
    customer=customer, plan=plan, login="olga", starts_on=then.date(), now=then)
bill = bills.issue_period(subscription=subscription, start=then.date(), now=then)
print(f"{bill.total:.2f}", bill.status)
"""
PAY = """
from decimal import Decimal
from django.utils import timezone
from billing.services import customers, payments
payment = payments.receive(
    customer=customers.by_code("E2E-1"), amount=Decimal("25.00"), method="cash", now=timezone.now())
"""
ACCESS = """
    SELECT state.is_on FROM billing_accessstate state
    JOIN billing_subscription subscription ON subscription.id = state.subscription_id
    WHERE subscription.login = 'olga'
"""


def test_an_unpaid_subscriber_is_disabled_by_the_scheduler_and_restored_by_the_payment(stack, say):
    assert stack.python(SUBSCRIBE) == "25.00 open"
    assert stack.sql(ACCESS) == ["t"]
    say("waiting until the scheduler disables an overdue subscriber")
    poll(lambda: stack.sql(ACCESS) == ["f"], seconds=runs.A_TICK, what="subscriber disabled")
    log = [text for _, text in stack.log("scheduler")]
    assert "1 subscriptions disabled: E2E-1" in log
    assert not any("Olga" in text for text in log)
    stack.python(PAY)
    assert stack.sql(ACCESS) == ["t"]
    say("waiting for the next run, which must leave the payer alone")
    runs.wait_for_more(stack, 1)
    assert stack.sql(ACCESS) == ["t"]


# --- Restart, scale, repair ----------------------------------------------------------------
def test_restarting_the_scheduler_loses_and_doubles_no_run(stack, say):
    say("restarting the scheduler in the middle of a minute")
    runs.wait_for_second(30)
    typed(stack, paper.RESTART_SCHEDULER)
    runs.wait_for_more(stack, 1)
    say("restarting the scheduler while a run falls due")
    runs.wait_for_second(59)
    typed(stack, paper.RESTART_SCHEDULER)
    runs.wait_for_more(stack, 1)
    runs.assert_once_a_minute(runs.recorded(stack))
    runs.assert_once_a_minute(runs.logged(stack))


def test_three_web_containers_and_a_second_scheduler_do_not_mean_more_runs(stack, say):
    say("scaling the web to three containers, and the scheduler to two")
    stack.environment["WEB_PORT"] = f"{stack.port}-{stack.port + 2}"
    typed(stack, "docker-compose up -d --scale web=3 --scale scheduler=2")
    stack.wait_until_healthy()
    assert len(stack.containers("web")) == 3
    assert {stack.get("/healthz", port=stack.port + offset)[0] for offset in range(3)} == {200}
    assert stack.sql("SELECT count(*) FROM django_apscheduler_djangojob") == [str(len(TIMETABLE))]
    say("losing the container that leads")
    runs.wait_for_second(20)
    lost = runs.host_of(runs.leader(stack))
    stack.docker("kill", lost)
    poll(lambda: runs.host_of(runs.leader(stack)) != lost, seconds=10, what="the other one leads")
    stack.docker("start", lost)
    runs.wait_for_more(stack, 1)
    say("killing the scheduler that leads now: its container starts again by itself")
    killed = runs.leader(stack)
    stack.docker("exec", runs.host_of(killed), "python", "-c", "import os; os.kill(-1, 9)", check=False)
    poll(lambda: runs.leader(stack) != killed, seconds=10, what="another leader")
    runs.wait_for_more(stack, 1)
    stack.wait_until_healthy()
    assert "Standing by: another scheduler is the leader" in [text for _, text in stack.log("scheduler")]
    runs.assert_once_a_minute(runs.recorded(stack))
    runs.assert_once_a_minute(runs.logged(stack))


def test_clearing_the_job_tables_gives_the_jobs_again_and_no_duplicates(stack, say):
    say("clearing the tables of the scheduler")
    stack.environment["WEB_PORT"] = str(stack.port)
    typed(stack, paper.DOWN)
    typed(stack, paper.UP_DATABASE)
    poll(lambda: stack.health("db") == {"healthy"}, seconds=60, what="db healthy")
    cleared = typed(stack, paper.CLEAR_JOBS)
    assert re.findall(r"DELETE (\d+)", cleared)[-1] == str(len(TIMETABLE))
    assert stack.sql("SELECT count(*) FROM django_apscheduler_djangojobexecution") == ["0"]
    typed(stack, paper.UP)
    stack.wait_until_healthy()
    say("waiting for two runs after the repair")
    runs.wait_for_more(stack, 2)
    assert f"Jobs: {len(TIMETABLE)}\n" in typed(stack, paper.COUNT_JOBS)
    runs.assert_once_a_minute(runs.recorded(stack))
    runs.assert_once_a_minute(runs.logged(stack))


def test_a_lost_volume_of_secrets_is_repaired_as_the_readme_says(stack, say):
    say("losing the volume with the secrets")
    customers = stack.sql("SELECT count(*) FROM billing_customer")
    typed(stack, paper.DOWN)
    typed(stack, f"docker volume rm {stack.environment['COMPOSE_PROJECT_NAME']}_secrets")
    assert stack.terminal.run(paper.UP, seconds=120).status != 0
    assert "password authentication failed" in stack.compose("logs", "migrate")
    for command in paper.readme_commands("ALTER USER"):
        typed(stack, command)
    stack.wait_until_healthy()
    assert stack.sql("SELECT count(*) FROM billing_customer") == customers


def test_an_update_is_built_and_started_with_one_command_and_keeps_the_data(stack, say):
    say("updating the application")
    customers = stack.sql("SELECT count(*) FROM billing_customer")
    with (stack.folder / "isp_billing" / "urls.py").open("a") as file:
        file.write("# The newest version.\n")
    typed(stack, "docker-compose up -d --build", seconds=BUILD_SECONDS)
    stack.wait_until_healthy()
    for service in ("web", "scheduler"):
        assert "# The newest version." in stack.compose("exec", "-T", service, "tail", "-n1", "isp_billing/urls.py")
    assert stack.sql("SELECT count(*) FROM billing_customer") == customers


# --- End -----------------------------------------------------------------------------------
def test_no_secret_stands_in_the_logs(stack):
    logs = stack.compose("logs", "--no-color")
    for file in SECRET_FILES:
        secret = stack.compose("exec", "-T", "db", "cat", file).strip()
        assert len(secret) >= 43, file
        assert secret not in logs, file


def test_the_stack_stops_within_the_grace_time_and_without_errors(stack, say):
    say("stopping the stack")
    started = time.monotonic()
    typed(stack, "docker-compose stop")
    assert time.monotonic() - started < 40
    assert stack.exit_codes(*LONG_RUNNING) == {"db": 0, "web": 0, "scheduler": 0}
