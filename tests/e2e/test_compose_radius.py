"""The profile "radius" of the compose stack: a subscriber signs in until the scheduler disables it.

The tests are steps of one history and run in the order in which they stand here.
"""

import re
import socket

import pytest

from tests.e2e.engine import runs
from tests.e2e.engine.stack import BUILD_SECONDS, COMMAND_SECONDS, REPOSITORY, poll

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

SECRET, PASSWORD = "secret-of-the-router", "correct-horse-of-rita"
SECRETS = [f"/run/secrets/{name}" for name in ("network_key", "radius_database_password")]
SUBSCRIBE = f"""
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from billing.models import NetworkAccount, Plan, Router
from billing.services import customers, subscriptions
from billing.services.network import sealing
then = timezone.now() - timedelta(days=45)
Router.objects.create(name="Here", kind="radius", address="127.0.0.1", secret_sealed=sealing.seal("{SECRET}"))
plan = Plan.objects.create(name="Fibre 100", price=Decimal("25.00"), download_kbps=100000, upload_kbps=20000)
customer = customers.register(name="Rita", code="E2E-2", now=then)
subscription = subscriptions.open_subscription(
    customer=customer, plan=plan, login="rita", starts_on=then.date(), now=then)
NetworkAccount.objects.create(subscription=subscription, password_sealed=sealing.seal("{PASSWORD}"))
"""
BILL = """
from datetime import timedelta
from django.utils import timezone
from billing.models import Subscription
from billing.services import bills
then = timezone.now() - timedelta(days=45)
bills.issue_period(subscription=Subscription.objects.get(login="rita"), start=then.date(), now=then)
"""
PAY = """
from decimal import Decimal
from django.utils import timezone
from billing.services import customers, payments
payments.receive(customer=customers.by_code("E2E-2"), amount=Decimal("25.00"), method="cash", now=timezone.now())
"""


def sign_in(stack):
    """What FreeRADIUS answers, asked within its own container."""
    request = f"User-Name=rita,User-Password={PASSWORD},Message-Authenticator=0x00"
    command = f"echo {request} | radclient -x -r 1 -t 3 127.0.0.1:1812 auth {SECRET}"
    return stack.compose("exec", "-T", "radius", "sh", "-c", command, check=False)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        return str(line.getsockname()[1])


def test_one_command_brings_freeradius_up_beside_the_rest(stack, say):
    say("docker-compose --profile radius up -d (builds the image)")
    ports = {"RADIUS_BIND": "127.0.0.1", "RADIUS_AUTH_PORT": free_port(), "RADIUS_ACCT_PORT": free_port()}
    stack.environment.update(ports)
    stack.compose("--profile", "radius", "up", "-d", seconds=BUILD_SECONDS)
    stack.wait_until_healthy()
    poll(lambda: stack.health("radius") == {"healthy"}, seconds=60, what="radius healthy")
    assert stack.exit_codes("radius-login") == {"radius-login": 0}
    assert stack.compose("exec", "-T", "radius", "id", "-u").strip() == "10001"
    refused = stack.compose("exec", "-T", "radius", "cat", "/run/secrets/postgres_password", check=False)
    assert "Permission denied" in refused


def test_a_subscriber_signs_in_with_the_speed_of_the_plan(stack):
    stack.python(SUBSCRIBE)
    answer = sign_in(stack)
    assert "Received Access-Accept" in answer, answer
    assert 'Mikrotik-Rate-Limit = "20000k/100000k"' in answer and "Message-Authenticator" in answer


def test_who_is_disabled_by_the_scheduler_is_refused_and_comes_back_with_the_payment(stack, say):
    say("waiting until the scheduler disables an overdue subscriber")
    stack.python(BILL)
    off = "SELECT count(*) FROM billing_accessstate WHERE NOT is_on"
    poll(lambda: stack.sql(off) == ["1"], seconds=runs.A_TICK, what="subscriber disabled")
    assert "Received Access-Reject" in sign_in(stack)
    stack.python(PAY)
    assert "Received Access-Accept" in sign_in(stack)


def test_freeradius_survives_a_restart_of_the_database(stack, say):
    say("restarting the database")
    stack.compose("restart", "db")
    stack.wait_until_healthy()
    poll(lambda: "Received Access-Accept" in sign_in(stack), seconds=30, what="sign-in after the restart")
    assert stack.health("radius") == {"healthy"}


def test_no_secret_of_the_network_stands_in_the_logs(stack):
    logs = stack.compose("--profile", "radius", "logs", "--no-color")
    for secret in (SECRET, PASSWORD, *(kept(stack, file) for file in SECRETS)):
        assert secret and secret not in logs


def kept(stack, file):
    return stack.compose("exec", "-T", "db", "cat", file).strip()


def test_the_key_is_changed_by_the_commands_of_the_documentation(stack, say):
    say("changing NETWORK_KEY")
    former = kept(stack, SECRETS[0])
    text = (REPOSITORY / "docs" / "network.md").read_text().partition("## Change the key")[2].partition("\n## ")[0]
    commands = re.findall(r"`\s*(docker-compose [^`]+?)\s*`", text)
    assert len(commands) == 5
    for command in commands:
        done = stack.terminal.run(command, seconds=COMMAND_SECONDS)
        assert done.status == 0, done.text
    stack.wait_until_healthy()
    assert kept(stack, SECRETS[0]) not in {"", former}
    poll(lambda: "Received Access-Accept" in sign_in(stack), seconds=30, what="sign-in with the new key")


def test_it_stops_at_once_and_without_error(stack):
    stack.compose("--profile", "radius", "stop", "radius")
    assert stack.exit_codes("radius") == {"radius": 0}
