"""Disconnect and CoA on the wire: FreeRADIUS and pyrad are the judges, forgers are there as well."""

import asyncio
import time

import pytest
from pyrad import packet

from billing.network.base import Outcome, Session
from billing.network.radius import RadiusAdapter
from tests.network.asking import ask, enforce, want
from tests.network.fake_radius import FakeRadiusRouter


def test_error_cause_503_means_that_the_session_is_gone(freeradius):
    result = enforce(freeradius.target(), want("gone-anna", "off"), Session("s1", "gone-anna"))
    assert result.outcome == Outcome.GONE
    assert freeradius.told() == [["Disconnect-Request", "gone-anna", "s1", "", ""]]


def test_another_error_cause_is_told_in_words(freeradius):
    result = enforce(freeradius.target(), want("stubborn", "off"), Session("s1", "stubborn"))
    assert result == (Outcome.REFUSED, "The router refuses: Resources Unavailable (506)", False)


def test_a_router_with_an_ipv6_address_is_reached_as_well():
    router = FakeRadiusRouter("::1")
    session = router.log_in("anna")
    result = enforce(router.target(), want("anna", "off"), session)
    router.close()
    assert (result.outcome, router.sessions) == (Outcome.APPLIED, {})


def test_coa_changes_speed_list_and_class_and_keeps_the_session(radius_router):
    session = radius_router.log_in("anna", "1:aaaaaaaa-0000")
    wanted = want("anna", "garden", key="bbbbbbbb", download_kbps=256, upload_kbps=128, address_list="unpaid")
    result = enforce(radius_router.target(supports_coa=True), wanted, session)
    assert (result.outcome, result.keeps_session) == (Outcome.APPLIED, True)
    online = radius_router.sessions[session.session_id]
    assert (online.rate, online.address_list, online.policy_class) == ("128k/256k", "unpaid", "1:bbbbbbbb-0000")


def test_back_from_the_garden_another_list_is_named_because_none_would_keep_the_old_one(radius_router):
    session = radius_router.log_in("anna", "1:aaaaaaaa-0000")
    enforce(radius_router.target(supports_coa=True), want("anna", key="bbbbbbbb"), session)
    assert radius_router.sessions[session.session_id].address_list == "paid"


def test_freeradius_reads_our_coa(freeradius):
    session = Session("s1", "anna", policy_class="1:aaaaaaaa-0000")
    result = enforce(freeradius.target(supports_coa=True), want("anna", key="bbbbbbbb"), session)
    assert result.outcome == Outcome.APPLIED
    assert freeradius.told() == [["CoA-Request", "anna", "s1", "5000k/20000k", "1:bbbbbbbb-0000"]]


def test_a_refused_coa_is_followed_by_a_disconnect(freeradius):
    session = Session("s1", "disconnect-only", policy_class="1:aaaaaaaa-0000")
    result = enforce(freeradius.target(supports_coa=True), want("disconnect-only", key="bbbbbbbb"), session)
    assert (result.outcome, result.keeps_session) == (Outcome.APPLIED, False)
    assert [line[0] for line in freeradius.told()] == ["CoA-Request", "Disconnect-Request"]


@pytest.mark.parametrize(
    ("session_class", "wanted"),
    [
        ("1:aaaaaaaa-0000", want("anna", key="bbbbbbbb", place="1111")),  # another address or pool
        ("1:aaaaaaaa-0000", want("anna", "off", key="bbbbbbbb")),
        ("1:aaaaaaaa-0000", want("anna", key="bbbbbbbb", download_kbps=None)),  # no speed takes no limit away
        ("", want("anna", key="bbbbbbbb")),  # nobody knows what it runs under
    ],
)
def test_what_coa_cannot_change_is_disconnected(radius_router, session_class, wanted):
    session = radius_router.log_in("anna", session_class)
    assert enforce(radius_router.target(supports_coa=True), wanted, session).outcome == Outcome.APPLIED
    assert radius_router.told == [("disconnect", "anna")]


def test_forged_answers_are_no_answers(radius_router):
    radius_router.forges = True
    session = radius_router.log_in("anna")
    assert enforce(radius_router.target(), want("anna", "off"), session).outcome == Outcome.UNREACHABLE


def test_an_answer_with_a_wrong_message_authenticator_is_no_answer(radius_router, monkeypatch):
    """Its response authenticator is right: only the second signature is not."""

    def sign(reply):
        reply._set_message_authenticator(b"x" * 16)
        reply.message_authenticator = None

    create = radius_router.CreateReplyPacket

    def create_badly(pkt):
        reply = create(pkt)
        sign(reply)
        return reply

    monkeypatch.setattr(radius_router, "CreateReplyPacket", create_badly)
    session = radius_router.log_in("anna")
    assert enforce(radius_router.target(), want("anna", "off"), session).outcome == Outcome.UNREACHABLE


def test_the_same_bytes_are_sent_again_three_times_in_all(radius_router):
    radius_router.is_silent = True
    began = time.monotonic()
    enforce(radius_router.target(), want("anna", "off"), Session("s", "anna"))
    assert len(radius_router.bytes) == 3
    assert len(set(radius_router.bytes)) == 1
    assert 2.5 < time.monotonic() - began < 20


def test_every_request_is_signed_first_and_tells_its_time(radius_router):
    enforce(radius_router.target(), want("anna", "off"), radius_router.log_in("anna"))
    data = radius_router.bytes[0]
    assert data[20] == 80
    request = packet.CoAPacket(packet=data, dict=radius_router.dict, secret=b"")
    assert abs(request["Event-Timestamp"][0] - time.time()) < 60


def test_no_more_than_the_window_are_in_flight_and_300_answers_find_their_questions(radius_router):
    """More than the 256 identifiers of a packet; each answer has to fit its question."""
    sessions = [radius_router.log_in(f"user-{n}") for n in range(300)]
    for session in sessions[::3]:
        del radius_router.sessions[session.session_id]

    async def all_at_once(adapter: RadiusAdapter):
        deeds = (adapter.enforce(want(session.login, "off"), session) for session in sessions)
        return await asyncio.gather(*deeds)

    outcomes = [result.outcome for result in ask(radius_router.target(window=128), all_at_once)]
    assert outcomes[::3] == [Outcome.GONE] * 100
    assert [outcome for n, outcome in enumerate(outcomes) if n % 3] == [Outcome.APPLIED] * 200
    assert radius_router.sessions == {}
