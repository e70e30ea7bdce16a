"""The job that prints: in a process of its own, and told when that process fails."""

import sys
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from billing.models import Bill, PrintOrder
from billing.services import print_orders
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.documents.reading import pages_of
from tests.jobs.processes import database_url
from utils import background_tasks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ordered(monkeypatch):
    """One bill that somebody wants printed; the process uses the test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    subscription = make_subscription(plan=make_plan(price=Decimal(20)), starts_on=date(2026, 5, 1))
    issue_next(subscription, now=at("2026-05-01"))
    user = User.objects.create_user("printer")
    return print_orders.order(
        bills=Bill.objects.all(), what="Bills", by=user, now=at("2026-05-02"), request_key=uuid4()
    )[0]


def test_the_job_makes_the_file_in_another_process(ordered, can_write_pdf):
    background_tasks.print_documents()
    ordered.refresh_from_db()
    assert (ordered.status, ordered.error) == ("done", "")
    assert len(pages_of(b"".join(print_orders.parts_of(ordered)))) == 1


def test_without_the_system_libraries_the_order_says_what_to_install(ordered, monkeypatch, tmp_path):
    (tmp_path / "libpango-1.0.so.0").write_bytes(b"")  # what the linker finds first, and cannot load
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    background_tasks.print_documents()
    ordered.refresh_from_db()
    assert ordered.status == "failed"
    assert "apt-get install" in ordered.error


def test_a_process_that_ends_badly_fails_the_job_and_loses_no_order(ordered, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    with pytest.raises(background_tasks.PrintingFailed, match="code 1"):
        background_tasks.print_documents()
    assert PrintOrder.objects.get().status == "waiting"


def test_no_process_is_started_when_nothing_is_ordered(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert background_tasks.print_documents() is None
