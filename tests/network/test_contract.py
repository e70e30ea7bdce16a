"""What delivery relies on, whatever kind of router it is."""

import pytest

from billing.network.base import Outcome, Session, Target
from tests.network.asking import ask, enforce, want
from tests.network.fake_radius import SECRET
from tests.network.fake_routeros import PASSWORD

ODD_LOGINS = ["o'brien", "a b", "ÄÖÜ", "x' OR 1=1--", '"quoted"', "a&b=c", "%2e%2e/..", "n" * 64, "tab\tnew\nline"]


class Pyrad:
    """pyrad's server with sessions."""

    def __init__(self, request):
        self.router = request.getfixturevalue("radius_router")
        self.target, self.log_in = self.router.target, self.router.log_in

    def is_online(self, login):
        return any(online.login == login for online in self.router.sessions.values())

    def fall_silent(self):
        self.router.is_silent = True

    def come_back(self):
        self.router.is_silent = False

    wrong_key = {"secret": b"not the secret"}


class FreeRadius:
    """FreeRADIUS' listener: a login is online until it was told to disconnect it."""

    def __init__(self, request):
        self.router = request.getfixturevalue("freeradius")
        self.target = self.router.target

    def log_in(self, login, policy_class=""):
        return Session(f"s-{login}", login, "127.0.0.1", None, policy_class)

    def is_online(self, login):
        return ["Disconnect-Request", login] not in [line[:2] for line in self.router.told()]

    wrong_key = {"secret": b"not the secret"}


class RouterOS:
    """A RouterOS that keeps the subscribers itself."""

    def __init__(self, request):
        self.router = request.getfixturevalue("routeros")
        self.target, self.log_in, self.is_online = self.router.target, self.router.log_in, self.router.is_online

    def fall_silent(self):
        self.router.fault = "hang"

    def come_back(self):
        self.router.fault = ""

    wrong_key = {"rest_password": "not the password"}


class DryRun:
    """Nothing is there, and nothing is told."""

    def __init__(self, request):
        pass

    def target(self, **changes):
        return Target("paper", "dry-run", "127.0.0.1", **changes)

    def log_in(self, login, policy_class=""):
        return Session("s", login, policy_class=policy_class)

    def is_online(self, login):
        return False


@pytest.fixture(params=[Pyrad, FreeRadius, RouterOS, DryRun], ids=lambda world: world.__name__)
def world(request):
    return request.param(request)


@pytest.fixture(params=[Pyrad, FreeRadius, RouterOS], ids=lambda world: world.__name__)
def reachable_world(request):
    return request.param(request)


@pytest.fixture(params=[Pyrad, RouterOS], ids=lambda world: world.__name__)
def silent_world(request):
    return request.param(request)


def test_n3_off_ends_the_session(world):
    session = world.log_in("anna")
    result = enforce(world.target(), want("anna", "off"), session)
    assert result.outcome == Outcome.APPLIED
    assert not world.is_online("anna")


def test_off_may_be_said_twice(world):
    session = world.log_in("anna")
    for _ in range(2):
        outcome = enforce(world.target(), want("anna", "off"), session).outcome
    assert outcome in {Outcome.APPLIED, Outcome.GONE}


@pytest.mark.parametrize("state", ["on", "garden", "off"])
def test_without_a_session_everything_can_be_wanted(world, state):
    assert enforce(world.target(), want("nobody", state)).outcome in {Outcome.APPLIED, Outcome.GONE}


def test_a_router_that_works_says_so_when_it_is_tried(world):
    outcome, detail, _ = ask(world.target(), lambda adapter: adapter.probe())
    assert outcome == Outcome.APPLIED
    assert detail


@pytest.mark.parametrize("login", ODD_LOGINS)
def test_odd_logins_get_an_outcome_and_never_an_error(world, login):
    session = world.log_in(login)
    result = enforce(world.target(), want(login, "off"), session)
    assert result.outcome in set(Outcome)


def test_a_wrong_key_is_told_in_words_without_any_secret(reachable_world):
    target = reachable_world.target(**reachable_world.wrong_key)
    session = reachable_world.log_in("anna")
    for result in (
        enforce(target, want("anna", "off"), session),
        ask(target, lambda adapter: adapter.probe()),
    ):
        assert result.outcome == Outcome.UNREACHABLE
        assert reachable_world.is_online("anna")
        for secret in (SECRET.decode(), PASSWORD, "not the secret", "not the password"):
            assert secret not in result.detail + repr(target)


def test_n5_a_silent_router_is_unreachable_within_seconds_and_usable_when_it_is_back(silent_world):
    session = silent_world.log_in("anna")

    async def silent(adapter):
        silent_world.fall_silent()
        result = await adapter.enforce(want("anna", "off"), session)
        assert result.outcome == Outcome.UNREACHABLE
        assert silent_world.is_online("anna")
        silent_world.come_back()

    result = ask(silent_world.target(), silent, lambda adapter: adapter.enforce(want("anna", "off"), session))
    assert result.outcome == Outcome.APPLIED
    assert not silent_world.is_online("anna")


def test_a_port_where_nobody_listens_shows_at_once(reachable_world):
    target = reachable_world.target()
    reachable_world.router.close()
    result = enforce(target, want("anna", "off"), Session("s", "anna"))
    assert result.outcome == Outcome.UNREACHABLE
