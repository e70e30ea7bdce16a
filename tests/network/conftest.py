import pytest

from tests.network import freeradius_coa
from tests.network.fake_radius import FakeRadiusRouter
from tests.network.fake_routeros import FakeRouterOS


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
