"""Who works while everything breaks: an office that bills and takes payments, and a cashier at the web page.

``python -m tests.chaos.people office|cashier SEED`` works until SIGTERM and then prints what was done. Whoever is not
answered asks again, with the same key, until there is an answer; an error that is no outage ends the process with 1.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from uuid import UUID

import django

CASHIER, PASSWORD = "cashier", "a-long-enough-password"
OUTAGES = (502, 503, 504)  # the application says 503 itself; 500 would be a bug
SECONDS = 10  # a request may take so long before it is sent again
FIELD = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"|<input[^>]*value="([^"]*)"[^>]*name="(\w+)"')

stopping = threading.Event()


def patiently(work):
    """What ``work`` returns, once the database answers; None when it is time to go home before."""
    from django.db import InterfaceError, OperationalError, connections

    while not stopping.is_set():
        try:
            return work()
        except (OperationalError, InterfaceError):
            connections.close_all()
            stopping.wait(0.5)
    return None


class Office:
    """Works through the services."""

    def __init__(self, rng: random.Random) -> None:
        from tests.builders import make_plan

        self._rng, self._plan, self.done = rng, patiently(make_plan), Counter()

    def act(self) -> None:
        deed = self._rng.choices([self.comes_late, self.comes, self.pays, self.pays_a_part], [6, 1, 2, 1])[0]
        if patiently(deed):
            self.done[deed.__name__] += 1
        stopping.wait(self._rng.uniform(0, 0.3))

    def comes_late(self):
        """A new customer whose bill is overdue, so that the next check disables the subscription."""
        return self._comes(days=self._rng.randint(1, 20))

    def comes(self):
        """A new customer who still has time to pay."""
        return self._comes(days=-5)

    def _comes(self, days):
        from billing.rules.errors import Refused
        from tests.builders import make_customer, make_overdue_subscription

        login = f"chaos-{self._rng.getrandbits(64):x}"
        try:
            return make_overdue_subscription(days=days, plan=self._plan, customer=make_customer(), login=login)
        except Refused:  # the billing run was quicker than we
            return None

    def pays(self):
        return self._pays(1)

    def pays_a_part(self):
        return self._pays(2)

    def _pays(self, part):
        from django.utils import timezone

        from billing.services import payments

        bill = random_debt(self._rng)
        if bill is None:
            return None
        amount, key = round(bill.outstanding / part, 2), UUID(int=self._rng.getrandbits(128))
        return patiently(
            lambda: payments.receive(
                customer=bill.customer, amount=amount, method="cash", now=timezone.now(), request_key=key
            )
        )


class Cashier:
    """Works at the web page: signs in, opens the form of a debtor, sends it until it is answered."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._address, self.done = rng, os.environ["WEB_ADDRESS"], Counter()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def act(self) -> None:
        from django.urls import reverse

        bill = patiently(lambda: random_debt(self._rng))
        if bill is not None:
            path = reverse("admin:billing_customer_receive_payment", args=[bill.customer_id])
            form = self._form(path)
            form |= {"amount": f"{bill.outstanding:.2f}", "method": "cash", "confirmed": "1"}
            if landed := self._answered(path, form)[0]:
                assert landed.startswith("/admin/billing/payment/"), f"no page of a payment but {landed}"
                self.done["payments at the desk"] += 1
        stopping.wait(self._rng.uniform(0, 2))

    def _form(self, path: str) -> dict[str, str]:
        """The hidden values of the form, after the sign-in when that is asked for."""
        while not stopping.is_set():
            _, page = self._answered(path)
            values = {name or other: value or second for name, value, second, other in FIELD.findall(page)}
            if "request_key" in values:
                return values
            sign_in = {"csrfmiddlewaretoken": values.get("csrfmiddlewaretoken", "")}
            self._answered("/admin/login/", {**sign_in, "username": CASHIER, "password": PASSWORD, "next": path})
        return {}

    def _answered(self, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """Where it leads and the page, as soon as it is there: an error or no answer is an outage, which ends."""
        data = urllib.parse.urlencode(form).encode() if form else None
        while not stopping.is_set():
            try:
                with self._browser.open(self._address + path, data, timeout=SECONDS) as answer:
                    return urllib.parse.urlsplit(answer.url).path, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, urllib.error.HTTPError) and error.code not in OUTAGES:
                    raise
                self.done["asked again"] += 1
                stopping.wait(0.5)
        return "", ""


def random_debt(rng):
    """An open bill, one of the newest; None when there is none."""
    from billing.models import Bill

    found = list(Bill.objects.filter(status="open").select_related("customer").order_by("-pk")[:50])
    return rng.choice(found) if found else None


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    role, seed = sys.argv[1:]
    django.setup()
    person = {"office": Office, "cashier": Cashier}[role](random.Random(f"{role} {seed}"))
    began = time.monotonic()
    while not stopping.is_set():
        person.act()
    done = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(person.done.items()))
    print(f"{role}: {done} in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
