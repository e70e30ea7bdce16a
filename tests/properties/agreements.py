"""What is agreed about a debt in a random life: promises and exclusions, some of them taken back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from billing.models import Customer, Exclusion, Promise
from billing.services import deferrals

picks = st.integers(min_value=0, max_value=10_000)


class Agreements:
    """A part of ``Lives``."""

    @rule(pick=picks, days=st.integers(-1, 15))
    def promise(self, pick, days):
        until = self._today() + timedelta(days=days)
        self._act(Customer, pick, deferrals.promise, "customer", until=until, why="test")

    @rule(pick=picks, days=st.none() | st.integers(-1, 60))
    def exclude(self, pick, days):
        until = None if days is None else self._today() + timedelta(days=days)
        self._act(Customer, pick, deferrals.exclude, "customer", until=until, why="test")

    @rule(pick=picks, of_promise=st.booleans())
    def take_an_agreement_back(self, pick, of_promise):
        if of_promise:
            self._act(Promise, pick, deferrals.take_back, "deferral")
        else:
            self._act(Exclusion, pick, deferrals.take_back, "deferral")
