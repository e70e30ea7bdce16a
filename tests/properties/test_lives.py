"""Random histories in several time zones and currencies: a few that are always the same, and many that never are."""

import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.lives import Lives

STEPS = 30
PLACES = [
    ("Asia/Dhaka", "BDT"),
    ("America/Sao_Paulo", "BRL"),
    ("Africa/Cairo", "EGP"),
    ("Europe/Rome", "EUR"),
    ("Pacific/Apia", "JPY"),
    ("Asia/Bahrain", "BHD"),
]


def live(place, histories, django_settings, seed=None):
    django_settings.TIME_ZONE, django_settings.CURRENCY = place
    seed = int(os.environ.get("LIVES_SEED") or seed or random.randrange(2**32))
    print(f"{histories} histories of {STEPS} steps in {place[0]}; again with LIVES_SEED={seed}")
    machine = settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    Lives._hypothesis_internal_use_seed = seed
    run_state_machine_as_test(Lives, settings=machine)


@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_a_few_random_lives_keep_the_books_and_the_access_right(place, settings):
    live(place, 4, settings, seed=2026)


@pytest.mark.heavy
@pytest.mark.timeout(3000)
@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_2000_random_lives_keep_the_books_and_the_access_right(place, settings):
    live(place, int(os.environ.get("LIVES") or 340), settings)
