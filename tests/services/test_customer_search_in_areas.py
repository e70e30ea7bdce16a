"""The search for somebody who is limited to areas."""

import pytest

from billing.models import Area
from billing.services import customer_search
from tests.builders import make_customer, make_subscription

pytestmark = pytest.mark.django_db


def test_only_customers_of_the_areas_are_found_however_many_others_match_before():
    north, south = Area.objects.create(name="North"), Area.objects.create(name="South")
    for number in range(12):
        make_customer(name=f"Ann {number:02}", area=north, phone=f"555 10{number}")
    mine = make_subscription(login="ann-home", customer=make_customer(name="Ann Zed", area=south, phone="555 109"))
    for typed in ("ann", "555", "zed", "ann-h"):
        found = customer_search.find(typed, limit=8, areas={south.pk})
        assert [match.customer_id for match in found] == [mine.customer_id], typed
    assert customer_search.find("ann", limit=8, areas=set()) == []
    assert len(customer_search.find("ann", limit=8)) == 8
