"""A payment while the expiry sweep runs: how long customers wait who are due, and pay just then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from benchmarks import installation, overdue
from benchmarks.installation import PRICE
from benchmarks.measuring import LIMIT, OURS, Course, Race, Work
from benchmarks.overdue import DUE_AT
from billing.models import AccessState, Customer
from billing.services import payments

WORK = Work("Payment while the sweep runs", "payment, the longest", single_rows=True, figure=max)
ROOT = installation.SQL.parent.parent
LARGE = f"{OURS}, batches of 5,000"
CONTENDERS = {OURS: "500", LARGE: "5000", LIMIT: "by-hand"}  # what benchmarks.sweeper is told


def race(course: Course) -> Race:
    """Start a sweep in another process for each contender and round, and pay for one after the other until it ends."""
    race, due = Race(WORK, course.size), overdue.prepare(course.size, course.by_hand)
    Random(course.size).shuffle(due)
    share = len(due) // (course.rounds * len(CONTENDERS))
    for number in range(course.rounds):
        for place, (contender, how) in enumerate(CONTENDERS.items()):
            first = (number * len(CONTENDERS) + place) * share
            payers = list(Customer.objects.filter(subscriptions__in=due[first : first + share]))
            _pay_meanwhile(race, contender, how, payers)
            paid = AccessState.objects.filter(subscription__customer__in=payers, cut_off_at=None)
            assert not paid.filter(is_on=False).exists()
            assert not AccessState.objects.filter(is_on=True, cut_off_at__lte=DUE_AT).exists()
            overdue.put_back(course.by_hand)
    return race


def _pay_meanwhile(race: Race, contender: str, how: str, payers: list[Customer]) -> None:
    Random(how).shuffle(payers)
    with _sweep(how) as process:
        for customer in payers:
            race.run(contender, 1, lambda customer=customer: _receive(customer))
            if process.poll() is not None:
                break


@contextmanager
def _sweep(how: str) -> Iterator[subprocess.Popen]:
    """A process that sweeps now; it has ended afterwards."""
    command = [sys.executable, "-m", "benchmarks.sweeper", how]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        process.stdout.readline()  # it is ready
        process.stdin.write("go\n")
        process.stdin.flush()
        yield process
    assert process.returncode == 0


def _receive(customer: Customer) -> None:
    payments.receive(customer=customer, amount=PRICE, method="cash", now=DUE_AT)
