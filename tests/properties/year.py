"""A year of a provider: what customers and staff do by chance, and when its two schedulers run."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import Bill, Customer, Exclusion, Holiday, Payment, Plan, Promise
from billing.rules.errors import Refused
from billing.services import billing_run, deferrals, expiry_preview, payments, reversals, sweep
from tests.builders import make_plan
from tests.many import subscribe_many
from tests.properties.plain_model import PlainModel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEHAVIOURS = {"in time": 55, "late": 25, "in parts": 12, "never": 8}
OUTAGE = 1 / 250  # an hour in which a scheduler goes down
PREVIEWED = 1 / 50


class Scheduler:
    """Runs every hour, with a clock of its own, except in its outages."""

    def __init__(self, chance: random.Random, behind: timedelta):
        self.chance, self.behind, self.back_at = chance, behind, None

    def runs(self, now: datetime) -> bool:
        if self.back_at is None and self.chance.random() < OUTAGE:
            self.back_at = now + timedelta(hours=self.chance.choice([1, 2, 5, 24, 72, 120]))
        if self.back_at is not None and now >= self.back_at:
            self.back_at = None
        return self.back_at is None


class Year:
    """Hour by hour; ``model`` says what should be."""

    def __init__(self, seed: int, *, subscriptions: int, start: datetime, zone: str, settings):
        self.chance, self.now, self.zone = random.Random(seed), start, ZoneInfo(zone)
        self.settings = settings
        self.todo: dict[datetime, list[Callable[[], object]]] = defaultdict(list)
        self.touched: set[int] = set()
        self.last_bill, self.billed_on, self.sweeps, self.cuts = 0, None, 0, 0
        self.schedulers = [Scheduler(self.chance, timedelta()), Scheduler(self.chance, timedelta(minutes=2))]
        self._found(subscriptions)

    def _found(self, subscriptions: int) -> None:
        days, holidays = 28, [self.now.date() + timedelta(days=self.chance.randrange(360)) for _ in range(12)]
        for day in set(holidays):
            Holiday.objects.create(day=day, name="Holiday")
        for number in range(days):
            count = subscriptions // days + (number < subscriptions % days)
            day = self.now.date() + timedelta(days=number)
            if count:
                customers = max(1, count * 4 // 5)
                self._subscribe(f"{number}-", count, customers, day)
        self.customers = dict(Customer.objects.in_bulk())
        self.behaviour = {
            key: self.chance.choices(list(BEHAVIOURS), list(BEHAVIOURS.values()))[0] for key in sorted(self.customers)
        }
        owned = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute("SELECT customer_id, id FROM billing_subscription ORDER BY id")
            for customer, subscription in cursor.fetchall():
                owned[customer].append(subscription)
        self.model = PlainModel(
            zone=self.zone,
            free_weekdays=self.settings.WEEKDAYS_WITHOUT_CUTS,
            holidays=holidays,
            cut_off_time=datetime.strptime(self.settings.CUT_OFF_TIME, "%H:%M").time(),  # noqa: DTZ007
            minimum=Decimal(self.settings.MINIMUM_DEBT),
            subscriptions=dict(owned),
        )

    def _subscribe(self, prefix: str, count: int, customers: int, day: date) -> None:
        plan: Plan = make_plan(
            price=self.chance.choice([Decimal("19.95"), Decimal(30), Decimal("4.50")]),
            due_days=self.chance.choice([0, 5, 10, 14]),
            grace_days=self.chance.choice([0, 0, 1, 3]),
            interval_count=self.chance.choice([1, 1, 2, 3]),
            bills_while_unpaid=self.chance.random() < 1 / 3,
        )
        subscribe_many(count, customers=customers, plan=plan, starts_on=day, now=self.now, prefix=prefix)

    # --- One hour ------------------------------------------------------------------------------
    def pass_an_hour(self) -> None:
        """What people do in an hour, then what the schedulers do at its end."""
        for act in self.todo.pop(self.now, ()):
            act()
        if self.touched:
            self.model.look_again(sorted(self.touched), self.now)
            self.touched.clear()
        self.now += HOUR
        for scheduler in self.schedulers:
            if scheduler.runs(self.now):
                self._bill()
                self._sweep(self.now - scheduler.behind)

    def _bill(self) -> None:
        today = self.now.astimezone(self.zone).date()
        if self.billed_on == today:
            return
        self.billed_on = today
        assert billing_run.generate(now=self.now, limit=500).set_aside == {}
        new = Bill.objects.filter(pk__gt=self.last_bill).order_by("pk")
        for bill in new:
            self.last_bill = bill.pk
            self.touched.add(bill.customer_id)
            self._will_pay(bill)
        self.model.look_again(sorted(self.touched), self.now)
        self.touched.clear()
        self._staff_at_work(today)

    def _sweep(self, now: datetime) -> None:
        if self.chance.random() < PREVIEWED and self.model.followed == self.model.minimum:
            previewed = {row.subscription_id for row in expiry_preview.rows(now)}
            assert previewed == self.model.overdue(now) - self.model.off
        result = sweep.disable_due(now=now, limit=self.chance.choice([7, 500]))
        assert (result.set_aside, result.skipped, result.held) == ({}, 0, None)
        self.model.sweep(now)
        self.sweeps, self.cuts = self.sweeps + 1, self.cuts + len(result.disabled)

    # --- What customers do -----------------------------------------------------------------------
    def _will_pay(self, bill: Bill) -> None:
        behaviour = self.behaviour[bill.customer_id]
        if self.chance.random() < 1 / 10:
            behaviour = self.chance.choice(list(BEHAVIOURS))
        until_due = (bill.due_on - bill.issued_on).days
        if behaviour == "in time":
            self._at(self.chance.randint(0, until_due), partial(self._pay, bill.customer_id, "1"))
        elif behaviour == "late":
            self._at(until_due + self.chance.randint(1, 45), partial(self._pay, bill.customer_id, "1"))
        elif behaviour == "in parts":
            for _ in range(2):
                share = self.chance.choice(["0.3", "0.5", "0.9", "1", "1.2"])
                self._at(self.chance.randint(0, 40), partial(self._pay, bill.customer_id, share))

    def _pay(self, customer: int, share: str) -> None:
        owed = sum(bill.outstanding for bill in Bill.objects.filter(customer=customer, status="open"))
        amount = (owed * Decimal(share)).quantize(Decimal("0.01"))
        if amount <= 0:
            return
        payment = payments.receive(customer=self.customers[customer], amount=amount, method="cash", now=self.now)
        self.touched.add(customer)
        if self.chance.random() < 1 / 25:
            self._at(self.chance.randint(0, 30), partial(self._bounce, payment))

    def _bounce(self, payment: Payment) -> None:
        self._act(payment.customer_id, reversals.reverse, payment=payment, kind="bounced", reason="No funds")

    # --- What staff do ---------------------------------------------------------------------------
    def _staff_at_work(self, today: date) -> None:
        """Promises and exclusions for some of those who owe, and some of them taken back."""
        owing = sorted(customer for customer, lines in self.model.lines.items() if lines)
        for customer in self.chance.sample(owing, k=min(len(owing), 1 + len(owing) // 150)):
            until = today + timedelta(days=self.chance.randint(0, 14))
            self._at(0, partial(self._promise, customer, until))
        for customer in self.chance.sample(owing, k=min(len(owing), self.chance.random() < 1 / 5)):
            until = self.chance.choice([None, today + timedelta(days=self.chance.randint(0, 60))])
            self._at(0, partial(self._exclude, customer, until))
        for model in (Promise, Exclusion):
            if self.chance.random() < 1 / 5 and (found := model._default_manager.filter(ended_at=None).first()):
                self._at(0, partial(self._act, found.customer_id, deferrals.take_back, deferral=found))

    def _promise(self, customer: int, until: date) -> None:
        self._act(customer, deferrals.promise, customer=self.customers[customer], until=until, why="Salary")

    def _exclude(self, customer: int, until: date | None) -> None:
        self._act(customer, deferrals.exclude, customer=self.customers[customer], until=until, why="Landlord")

    def change_the_minimum(self, minimum: str) -> None:
        self.settings.MINIMUM_DEBT, self.model.minimum = minimum, Decimal(minimum)

    def _act(self, touched: int, service: Callable, **arguments) -> None:
        try:
            service(**arguments, now=self.now)
        except Refused:
            return
        self.touched.add(touched)

    def _at(self, days: int, act: Callable[[], object]) -> None:
        """Do something in so many days, at an hour by chance."""
        self.todo[self.now + days * DAY + self.chance.randint(1, 23) * HOUR].append(act)
