"""One FreeRADIUS for a module of tests, on the database of the tests."""

import secrets

import pytest
from django.conf import settings
from django.db import connection

from billing.services.network import policy, radius_login
from tests.database_places import open_place
from tests.network.freeradius.nas import Nas
from tests.network.freeradius.server import FreeRadius, require
from tests.services.network.situations import SECRET, make_router

LOGIN = "isp_freeradius_test"
HOME = "127.0.3.1"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    require()
    with open_place() as place:
        yield from started(place, django_db_blocker)


def started(folder, django_db_blocker, **environment):
    password = secrets.token_urlsafe(24)
    name = f"{LOGIN}_{connection.settings_dict['NAME'][-3:]}".replace("-", "_")
    with django_db_blocker.unblock():
        radius_login.grant(name, password)
        found = connection.get_connection_params()
    place = {"host": found.get("host") or "127.0.0.1", "port": found["port"], "name": found["dbname"]}
    running = FreeRadius(
        folder,
        database={**place, "user": name, "password": password},
        key=settings.NETWORK_KEY,
        **environment,
    )
    running.password = password
    running.start()
    yield running
    running.stop()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE {name}")


@pytest.fixture
def settled():
    policy.follow()


@pytest.fixture
def router(server):
    make_router(address=HOME)
    return Nas(server, address=HOME, secret=SECRET)
