import pytest

from billing.models import NetworkPolicy
from billing.services.network import policy, sealing
from tests.jobs.conftest import other_session  # noqa: F401  (a fixture)
from tests.network import freeradius_coa
from tests.network.billing_side import make_router
from tests.network.fake_radius import FakeRadiusRouter
from tests.network.fake_routeros import FakeRouterOS


@pytest.fixture
def key(settings):
    settings.NETWORK_KEY = "k" * 40


@pytest.fixture
def router(radius_router, key):
    """The row of the fake router, in a database that is emptied after the test."""
    return make_router(radius_router)


@pytest.fixture
def radius_router():
    router = FakeRadiusRouter()
    yield router
    router.close()


@pytest.fixture
def routeros():
    router = FakeRouterOS()
    yield router
    router.close()


@pytest.fixture
def freeradius(tmp_path):
    if not freeradius_coa.program():
        pytest.skip("needs freeradius: `make setup-test-host` installs it")
    router = freeradius_coa.FreeRadiusRouter(tmp_path)
    yield router
    router.close()


@pytest.fixture
def router_with_rest(router, routeros):
    """It is told by RADIUS, and what it keeps itself is read by REST."""
    target = routeros.target()
    router.rest_url, router.rest_user = target.rest_url, target.rest_user
    router.rest_password_sealed = sealing.seal(target.rest_password)
    router.certificate_sha256 = target.certificate_sha256
    router.save()
    return router


@pytest.fixture
def report_every(settings, transactional_db):
    """Set after how many seconds sessions that begin are reported, until the test ends."""

    def choose(seconds):
        settings.NETWORK_INTERIM_SECONDS = seconds
        policy.follow()

    yield choose
    NetworkPolicy.objects.update(interim_seconds=300, former_interim_seconds=0, interim_since=None)
