"""Who would be cut, and why, without changing anything (rule E13)."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.models import Area, Holiday
from billing.services import deferrals, expiry_preview, sweep
from tests.builders import at, issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.diary import pay, refused, snapshot

pytestmark = pytest.mark.django_db

NOW = at("2026-01-10T10:00")
HOURS = [at("2026-01-16") + timedelta(hours=hour) for hour in (-1, 0, 1, 23, 24, 47, 48, 72, 24 * 20)]


@pytest.fixture
def provider(settings):
    """Due days, grace days, promises, exclusions, payments and small debts of all kinds."""
    settings.MINIMUM_DEBT = "2"
    for due_days in (13, 14, 15, 16):
        for grace_days in (0, 1):
            service = make_subscription(plan=make_plan(due_days=due_days, grace_days=grace_days))
            issue_next(service, now=at("2026-01-01"))
    deferrals.promise(customer=service.customer, until=date(2026, 1, 19), why="Salary", now=NOW)
    for amount in ("20", "19", "17"):
        service = make_subscription(plan=make_plan(due_days=14))
        issue_next(service, now=at("2026-01-01"))
        pay(service.customer, amount, "2026-01-02")
    service = make_subscription(plan=make_plan(due_days=14))
    issue_next(service, now=at("2026-01-01"))
    deferrals.exclude(customer=service.customer, until=None, why="Landlord", now=NOW)
    sweep.disable_due(now=at("2026-01-02"), limit=500)  # so that the minimum debt is followed


@pytest.mark.parametrize("instant", HOURS, ids=str)
def test_e13_the_preview_names_those_whom_a_sweep_at_that_instant_cuts(provider, instant):
    found = expiry_preview.preview(instant, now=NOW)
    codes = [row.customer_code for row in expiry_preview.rows(instant)]
    assert sorted(codes) == sorted(sweep.disable_due(now=instant, limit=3).disabled)
    assert found.due == len(codes)
    assert expiry_preview.preview(instant, now=NOW).due == 0


def test_e13_nothing_is_changed(provider):
    before = snapshot()
    expiry_preview.preview(HOURS[-1], now=NOW)
    assert len(list(expiry_preview.rows(HOURS[-1]))) == 9
    assert snapshot() == before


def test_e13_a_row_says_who_owes_what_since_when():
    customer = make_customer(name="Anna", phone="555", area=Area.objects.create(name="North"))
    service = make_subscription(customer=customer, login="anna", plan=make_plan(name="Home", price=Decimal("19.95")))
    for day in ("2026-01-01", "2026-02-01"):
        issue_next(service, now=at(day))
    pay(customer, "9.95", "2026-01-05")
    (row,) = expiry_preview.rows(at("2026-02-10"))
    assert row[2:] == (
        customer.code,
        "Anna",
        "555",
        "North",
        "anna",
        "Home",
        Decimal("29.95"),
        2,
        date(2026, 1, 15),
        at("2026-01-16"),
    )


def test_e10_e13_the_preview_says_when_nobody_would_be_cut_and_when_the_cut_comes_instead(settings):
    settings.WEEKDAYS_WITHOUT_CUTS = ["fri", "sat", "sun"]
    Holiday.objects.create(day=date(2026, 1, 19), name="Epiphany")
    service = make_subscription(plan=make_plan(due_days=14))
    issue_next(service, now=at("2026-01-01"))
    for instant in (at("2026-01-16"), at("2026-01-19T23:59")):
        found = expiry_preview.preview(instant, now=NOW)
        assert found.due == 1
        assert "no cuts at that time; the next ones come on Jan. 20, 2026, midnight" in " ".join(found.remarks)
    assert [row.cut_at for row in expiry_preview.rows(at("2026-01-16"))] == [at("2026-01-20")]
    assert expiry_preview.preview(at("2026-01-20"), now=NOW).remarks == []


def test_e13_e14_the_preview_says_that_the_circuit_breaker_would_hold_the_run(settings):
    settings.MAX_CUTS_PERCENT, settings.MAX_CUTS_COUNT = 10, 1
    for _ in range(2):
        make_overdue_subscription(now=NOW)
    assert "circuit breaker would hold" in " ".join(expiry_preview.preview(NOW, now=NOW).remarks)
    assert sweep.disable_due(now=NOW, limit=500).disabled == []


def test_e4_e13_until_a_sweep_follows_another_minimum_debt_the_preview_says_so(provider, settings):
    settings.MINIMUM_DEBT = "20.01"
    (remark,) = expiry_preview.preview(HOURS[-1], now=NOW).remarks
    assert remark.startswith("MINIMUM_DEBT is 20.01 now and was 2.00: the next check computes every cut-off anew")
    sweep.disable_due(now=NOW, limit=3)
    found = expiry_preview.preview(HOURS[-1], now=NOW)
    assert (found.due, found.remarks) == (0, [])


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=366)])
def test_e13_the_first_and_the_last_instant_of_a_preview(ahead):
    assert expiry_preview.preview(NOW + ahead, now=NOW).due == 0


@pytest.mark.parametrize(
    ("ahead", "message"),
    [
        (timedelta(seconds=-1), "That instant is over"),
        (timedelta(days=366, seconds=1), "too far ahead: .* Ask for Jan. 11, 2027, 10 a.m. at most"),
    ],
)
def test_e13_an_instant_in_the_past_or_far_ahead_is_refused(ahead, message):
    with refused(message):
        expiry_preview.preview(NOW + ahead, now=NOW)


def test_e13_the_command_prints_who_would_be_disabled(capsys):
    service = make_overdue_subscription(login="anna", customer=make_customer(name="Anna"))
    call_command("expiry_preview")
    head, row, last = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["customer", "name"]
    assert row.split()[:3] == [service.customer.code, "Anna", "anna"]
    assert last.startswith("1 subscription would be disabled on ") and last.endswith("Nothing was changed.")


def test_e13_the_command_writes_csv(capsys):
    make_overdue_subscription(login="anna", customer=make_customer(name='=1+1 "Anna", Ltd'))
    call_command("expiry_preview", "--csv")
    head, row = csv.reader(io.StringIO(capsys.readouterr().out))
    assert tuple(head) == expiry_preview.COLUMNS
    values = dict(zip(head, row, strict=True))
    assert (values["login"], values["unpaid bills"]) == ("anna", "1")
    assert Decimal(values["owed"]) == 20
    assert not values["name"].startswith("=")


@pytest.mark.parametrize(
    ("instant", "message"),
    [
        ("2001-01-01", "That instant is over"),
        ("2999-01-01", "too far ahead"),
        ("9999-12-31T23:59", "is not an instant"),
        ("tomorrow", "is not an instant"),
    ],
)
def test_e13_the_command_refuses_bad_instants_in_words(instant, message):
    with pytest.raises(CommandError, match=message):
        call_command("expiry_preview", f"--at={instant}")


def test_e13_the_command_takes_an_instant_in_the_installations_zone(capsys, settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    soon = datetime.now(UTC) + timedelta(days=3)
    make_overdue_subscription(now=soon, days=1)
    day = timezone.localtime(soon).date()
    assert would_be_disabled(capsys, day - timedelta(days=3)) == 0
    assert would_be_disabled(capsys, day + timedelta(days=1)) == 1


def would_be_disabled(capsys, day):
    call_command("expiry_preview", f"--at={max(day, timezone.localdate() + timedelta(days=1))}")
    return int(capsys.readouterr().out.splitlines()[-1].split()[0])
