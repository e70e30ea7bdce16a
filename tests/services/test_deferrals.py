"""Promises to pay and exclusions (rule E11)."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from billing.models import AccessEvent, Exclusion, Promise
from billing.services import deferrals, sweep
from tests.builders import access_of, at, issue_due, issue_next, make_customer, make_plan, make_subscription
from tests.diary import is_online, pay, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

CUT = at("2026-01-16")
NOW = at("2026-01-20T10:00")
TODAY = NOW.date()


@pytest.fixture
def subscription():
    """Its bill of 1 January is due on the 15th."""
    made = make_subscription(plan=make_plan(due_days=14))
    issue_next(made, now=at("2026-01-01"))
    return made


def sweep_at(now):
    return len(sweep.disable_due(now=now, limit=500).disabled)


def promise(subscription, until, *, now=NOW, **how):
    return deferrals.promise(customer=subscription.customer, until=until, why="Pays on Friday", now=now, **how)


def exclude(subscription, until, *, now=NOW, **how):
    return deferrals.exclude(customer=subscription.customer, until=until, why="Hospital", now=now, **how)


def test_e11_a_promise_brings_back_at_once_and_lapses_by_itself_at_the_end_of_its_last_day(subscription):
    sweep_at(CUT)
    promise(subscription, date(2026, 1, 23))
    assert is_online(subscription)
    assert AccessEvent.objects.latest("pk").rule == "E11"
    assert sweep_at(at("2026-01-23T23:59:59.999999")) == 0
    assert sweep_at(at("2026-01-24")) == 1
    assert not is_online(subscription)


@pytest.mark.parametrize(
    ("until", "cut"), [("2026-01-12", "2026-01-16"), ("2026-01-15", "2026-01-16"), ("2026-01-20", "2026-01-21")]
)
def test_e11_the_later_of_rule_date_and_promise_wins(subscription, until, cut):
    promise(subscription, date.fromisoformat(until), now=at("2026-01-10"))
    assert access_of(subscription).cut_off_at == at(cut)


def test_e11_who_pays_during_a_promise_stays_on_when_it_lapses(subscription):
    promise(subscription, date(2026, 1, 23))
    pay(subscription.customer, "20", "2026-01-22")
    assert sweep_at(at("2027-01-01")) == 0


def test_e11_a_promise_spares_all_of_the_customers_subscriptions_also_new_ones(subscription):
    promise(subscription, date(2026, 1, 30))
    other = make_subscription(
        plan=make_plan(due_days=0), customer=subscription.customer, starts_on=date(2026, 1, 21), now=at("2026-01-21")
    )
    issue_next(other, now=at("2026-01-21"))
    assert access_of(other).cut_off_at == at("2026-01-31")
    assert sweep_at(at("2026-01-30T23:00")) == 0
    assert sweep_at(at("2026-01-31")) == 2


def test_e11_a_promise_of_one_customer_spares_nobody_else(subscription):
    other = make_subscription(plan=make_plan(due_days=14))
    issue_next(other, now=at("2026-01-01"))
    promise(subscription, date(2026, 1, 30))
    sweep_at(NOW)
    assert [is_online(service) for service in (subscription, other)] == [True, False]


def test_e11_a_promise_that_is_taken_back_ends_at_once(subscription):
    given = promise(subscription, date(2026, 1, 30))
    for later in (NOW + timedelta(hours=1), NOW + timedelta(hours=5)):
        deferrals.take_back(given, now=later)
    assert Promise.objects.get().ended_at == NOW + timedelta(hours=1)
    assert access_of(subscription).not_before is None
    assert sweep_at(NOW + timedelta(hours=1)) == 1


def test_e11_of_two_promises_the_later_counts_until_it_is_taken_back(subscription):
    promise(subscription, date(2026, 1, 22))
    longer = promise(subscription, date(2026, 1, 30), now=at("2026-01-21"))
    assert access_of(subscription).cut_off_at == at("2026-01-31")
    deferrals.take_back(longer, now=at("2026-01-22"))
    assert access_of(subscription).cut_off_at == at("2026-01-23")


def test_e11_the_same_promise_sent_again_is_one(subscription, settings):
    settings.PROMISES_PER_YEAR = 1
    key = uuid4()
    given = [promise(subscription, date(2026, 1, 30), request_key=key) for _ in range(3)]
    assert len({one.pk for one in given}) == Promise.objects.count() == 1
    with refused("already used for another promise"):
        promise(subscription, date(2026, 1, 31), request_key=key)


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (TODAY - timedelta(days=1), "over already. Choose today or later"),
        (TODAY + timedelta(days=15), "may run for 14 days, until .*3.* Choose an earlier day"),
    ],
)
def test_e11_a_promise_has_limits(subscription, until, message):
    with refused(message):
        promise(subscription, until)


@pytest.mark.parametrize("days", [0, 14])
def test_e11_the_first_and_the_last_day_of_a_promise_are_possible(subscription, days):
    promise(subscription, TODAY + timedelta(days=days))
    assert sweep_at(NOW) == 0


def test_e11_a_promise_needs_a_debt_and_a_reason(subscription):
    with refused("Say why"):
        deferrals.promise(customer=subscription.customer, until=TODAY, why="  ", now=NOW)
    with refused("Shorten it to 200"):
        deferrals.promise(customer=subscription.customer, until=TODAY, why="x" * 201, now=NOW)
    pay(subscription.customer, "20", "2026-01-19")
    with refused("Nothing is owed"):
        promise(subscription, TODAY)


def test_e11_a_promise_that_runs_as_long_already_is_refused(subscription):
    promise(subscription, date(2026, 1, 25))
    with refused("runs until .* or longer already"):
        promise(subscription, date(2026, 1, 25))


def test_e11_a_customer_has_so_many_promises_within_a_year(subscription, settings):
    settings.PROMISES_PER_YEAR = 2
    deferrals.take_back(promise(subscription, date(2026, 1, 21)), now=NOW)
    promise(subscription, date(2026, 1, 22), now=at("2026-01-22"))
    with refused("has had 2 promises within a year, and 2 are allowed"):
        promise(subscription, date(2026, 2, 1), now=at("2026-01-25"))
    promise(subscription, date(2027, 1, 22), now=NOW + timedelta(days=365))


def test_e11_an_exclusion_until_a_day_ends_by_itself(subscription):
    sweep_at(CUT)
    exclude(subscription, date(2026, 2, 28))
    assert is_online(subscription)
    assert sweep_at(at("2026-02-28T23:59")) == 0
    assert sweep_at(at("2026-03-01")) == 1


def test_e11_an_exclusion_without_an_end_is_never_cut_and_spares_the_subscriptions_to_come(subscription):
    exclude(subscription, None)
    other = make_subscription(customer=subscription.customer, starts_on=date(2026, 2, 1), now=at("2026-02-01"))
    issue_due(other, now=at("2026-06-01"))
    assert sweep_at(at("2099-01-01")) == 0


def test_e11_a_new_exclusion_replaces_the_one_before(subscription):
    exclude(subscription, None)
    exclude(subscription, date(2026, 1, 31))
    assert access_of(subscription).cut_off_at == at("2026-02-01")
    assert Exclusion.objects.filter(ended_at=None).count() == 1


def test_e11_an_exclusion_that_is_taken_back_ends_at_once(subscription):
    deferrals.take_back(exclude(subscription, None), now=NOW)
    assert access_of(subscription).cut_off_at == CUT
    assert sweep_at(NOW) == 1


def test_e11_promise_and_exclusion_beside_each_other_the_later_wins(subscription):
    exclude(subscription, date(2026, 1, 22))
    promise(subscription, date(2026, 1, 30))
    assert access_of(subscription).cut_off_at == at("2026-01-31")


def test_e11_an_exclusion_has_a_day_that_is_not_over_and_a_reason(subscription):
    with refused("over already"):
        exclude(subscription, TODAY - timedelta(days=1))
    with refused("Say why"):
        deferrals.exclude(customer=subscription.customer, until=None, why="", now=NOW)


def test_e11_who_owes_nothing_may_be_excluded_beforehand():
    customer = make_customer()
    deferrals.exclude(customer=customer, until=None, why="Our landlord", now=NOW)
    subscription = make_subscription(customer=customer, starts_on=date(2026, 2, 1))
    issue_next(subscription, now=at("2026-02-01"))
    assert sweep_at(at("2030-01-01")) == 0


def test_e11_the_database_refuses_two_exclusions_at_once(subscription):
    first = exclude(subscription, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Exclusion.objects.create(customer=first.customer, not_before=NOW, why="twice", created_at=NOW)


def test_t5_a_promise_ends_at_a_midnight_that_does_not_exist(subscription, settings):
    settings.TIME_ZONE = "Africa/Cairo"
    promise(subscription, date(2026, 4, 23), now=at("2026-04-20"))
    assert access_of(subscription).cut_off_at == at("2026-04-23T22:00")
