"""The job that imports: in a process of its own, and told when that process fails."""

import sys
import threading

import pytest

from billing.models import AuditEntry, ImportedFile, Payment
from billing.services.imports import files
from tests.builders import make_customer
from tests.importing import STATEMENT, brought, somebody
from tests.jobs.notes import until
from tests.jobs.processes import database_url, leave_cut_off_run
from utils import background_tasks
from utils.scheduler import stopping

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(monkeypatch):
    """A statement that is to be checked; the process uses the test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    make_customer(code="C-17")
    file = brought("payments", "Receipt No,Amount,Customer\nR1,10.00,C-17\n")[0]
    files.check(file, mapping=file.mapping, options=STATEMENT)
    return file


def test_the_job_checks_and_imports_in_another_process(waiting):
    background_tasks.import_files()
    waiting.refresh_from_db()
    assert (waiting.status, Payment.objects.count()) == ("checked", 0)
    files.begin_import(waiting, by=somebody(), now=waiting.uploaded_at)
    background_tasks.import_files()
    waiting.refresh_from_db()
    assert (waiting.status, Payment.objects.count()) == ("done", 1)


def test_what_it_changes_is_in_the_audit_as_of_who_ordered_it(waiting):
    files.cancel(waiting, now=waiting.uploaded_at)
    file = brought("customers", "Code,Name\nA1,Ann\n")[0]
    files.check(file, mapping=file.mapping, options={})
    background_tasks.import_files()
    files.begin_import(file, by=somebody(), now=file.uploaded_at)
    background_tasks.import_files()
    told = AuditEntry.objects.get(object_type="billing.customer", object_name__startswith="A1")
    assert (told.actor, told.door, told.place) == (somebody(), "job", "import_files")


def test_a_process_that_ends_badly_fails_the_job_and_loses_nothing(waiting, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    with pytest.raises(background_tasks.ImportingFailed, match="code 1"):
        background_tasks.import_files()
    assert ImportedFile.objects.get().status == "checking"


def test_no_process_is_started_when_nothing_waits(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert background_tasks.import_files() is None


@pytest.fixture
def long(monkeypatch):
    """A statement whose check takes several seconds."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    rows = "".join(f"R{number},10.00,C-{number}\n" for number in range(40_000))
    file = brought("payments", f"Receipt No,Amount,Customer\n{rows}")[0]
    files.check(file, mapping=file.mapping, options=STATEMENT)
    return file


def is_begun(file):
    return 0 < ImportedFile.objects.get(pk=file.pk).done < file.total


def test_a_stop_of_the_scheduler_ends_the_process_between_two_batches(long, start):
    leave_cut_off_run("import_files")
    scheduler = start()
    until(lambda: is_begun(long))
    scheduler.stop()
    assert is_begun(long)
    assert scheduler.lines[-1] == "Scheduler stopped"
    assert "cut off" not in scheduler.output
    background_tasks.import_files()
    long.refresh_from_db()
    assert (long.status, long.rows.filter(outcome="suspended").count()) == ("checked", long.total)


def test_a_program_that_is_told_to_end_before_it_has_begun_is_no_failure(waiting):
    stop = threading.Event()
    stop.set()
    with stopping.told_by(stop):
        background_tasks.import_files()
    assert ImportedFile.objects.get().status == "checking"
