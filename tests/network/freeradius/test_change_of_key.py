"""A change of NETWORK_KEY under real FreeRADIUS: with the new key it answers, with the former one it is silent."""

import pytest
from django.conf import settings

from billing.services.network import accounts, change_of_key
from tests.database_places import open_place
from tests.jobs.notes import until
from tests.network.freeradius import nas
from tests.network.freeradius.conftest import HOME
from tests.network.freeradius.nas import Nas
from tests.network.freeradius.server import FreeRadius
from tests.services.network.situations import PASSWORD, SECRET, make_online_subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("settled")]

NEW = "the-key-that-comes-after-the-present-one"


@pytest.fixture
def later_server(server):
    """One more server, which has the new key; not started."""
    names = ("host", "port", "name", "user", "password")
    with open_place() as place:
        database = {name: server.environment[f"RADIUS_DATABASE_{name.upper()}"] for name in names}
        later = FreeRadius(place, database=database, key=NEW)
        yield later
        later.stop()


def test_after_the_change_the_new_key_answers_and_the_former_is_silent(server, router, later_server):
    subscription = make_online_subscription()
    assert router.sign_in(subscription.login, PASSWORD).is_accepted
    change_of_key.change(NEW, tell=lambda done, total: None)
    for how in ("pap", "chap", "ms-chap2"):
        assert router.sign_in(subscription.login, PASSWORD, how=how, seconds=nas.SILENCE) is None
    later_server.start()
    anew = Nas(later_server, address=HOME, secret=SECRET)
    for how in ("pap", "chap", "ms-chap2"):
        assert anew.sign_in(subscription.login, PASSWORD, how=how).is_accepted
    assert anew.sign_in(subscription.login, "wrong").code == nas.REJECT
    assert PASSWORD not in later_server.log + server.log
    assert NEW not in later_server.log and settings.NETWORK_KEY not in server.log


@pytest.mark.parametrize("password", ["x", "p" * 64, "with space", "quotes'\"`\\%{User-Name}|;=$"])
@pytest.mark.parametrize("how", ["pap", "chap", "ms-chap2"])
def test_any_password_that_can_be_given_signs_in(router, how, password):
    subscription = make_online_subscription()
    accounts.set_password(subscription, password)
    assert until(lambda: router.sign_in(subscription.login, password, how=how)).is_accepted
    assert router.sign_in(subscription.login, password + "x", how=how).code == nas.REJECT
