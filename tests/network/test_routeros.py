"""RouterOS without RADIUS: what stands on the router after each wish, and what its faults come to."""

import pytest

from billing.network.base import Outcome
from billing.network.routeros_rest import NoAnswer
from tests.network import fake_routeros
from tests.network.asking import ask, enforce, want
from tests.network.fake_routeros import certificate


def test_an_entry_is_added_with_speed_pool_list_and_fixed_address(routeros):
    wanted = want("anna", pool="customers", address_list="home", framed_address="10.0.0.7")
    assert enforce(routeros.target(), wanted).outcome == Outcome.APPLIED
    entry = routeros.entry("anna")
    profile = next(p for p in routeros.menus["ppp/profile"].values() if p["name"] == entry["profile"])
    assert (entry["password"], entry["remote-address"], entry["disabled"]) == ("pw", "10.0.0.7", "false")
    assert profile["rate-limit"] == "5000k/20000k"  # upload first: what the router receives
    assert (profile["remote-address"], profile["address-list"]) == ("customers", "home")


def test_off_disables_the_entry_before_it_ends_the_session(routeros):
    """Otherwise the subscriber would be back in between."""
    enforce(routeros.target(), want("anna"))
    routeros.log_in("anna")
    routeros.calls.clear()
    enforce(routeros.target(), want("anna", "off"))
    writes = [call.split("/*")[0] for call in routeros.calls if not call.startswith("GET")]
    assert writes == ["PATCH /rest/ppp/secret", "DELETE /rest/ppp/active"]
    assert routeros.entry("anna")["disabled"] == "true"
    assert not routeros.is_online("anna")


def test_on_again_undoes_exactly_that_and_disturbs_no_session(routeros):
    enforce(routeros.target(), want("anna"))
    enforce(routeros.target(), want("anna", "off"))
    enforce(routeros.target(), want("anna"))
    routeros.log_in("anna")
    enforce(routeros.target(), want("anna"))
    assert routeros.is_online("anna")


def test_another_speed_lets_the_subscriber_dial_anew_once(routeros):
    enforce(routeros.target(), want("anna"))
    routeros.log_in("anna")
    faster = want("anna", key="bbbbbbbb", download_kbps=50000)
    enforce(routeros.target(), faster)
    assert not routeros.is_online("anna")
    routeros.log_in("anna")
    enforce(routeros.target(), faster)
    assert routeros.is_online("anna")


def test_what_was_cut_off_in_between_is_done_to_its_end_the_next_time(routeros):
    enforce(routeros.target(), want("anna"))
    routeros.log_in("anna")
    faster = want("anna", key="bbbbbbbb", download_kbps=50000)
    routeros.fault, routeros.fault_on = "close", "DELETE"
    assert enforce(routeros.target(), faster).outcome == Outcome.UNREACHABLE
    routeros.fault = ""
    assert enforce(routeros.target(), faster).outcome == Outcome.APPLIED
    assert not routeros.is_online("anna")


def test_a_fixed_address_that_is_given_up_is_taken_out_of_the_entry(routeros):
    enforce(routeros.target(), want("anna", framed_address="10.0.0.7"))
    enforce(routeros.target(), want("anna", key="bbbbbbbb", place="1111"))
    assert "remote-address" not in routeros.entry("anna")


def test_garden_is_a_profile_of_its_own(routeros):
    enforce(routeros.target(), want("anna"))
    garden = want("anna", "garden", key="gggggggg", download_kbps=256, upload_kbps=256, address_list="unpaid")
    enforce(routeros.target(), garden)
    name = routeros.entry("anna")["profile"]
    profile = next(p for p in routeros.menus["ppp/profile"].values() if p["name"] == name)
    assert (profile["rate-limit"], profile["address-list"]) == ("256k/256k", "unpaid")


@pytest.mark.parametrize(
    ("fault", "outcome", "says"),
    [
        ("hang", Outcome.UNREACHABLE, "No answer"),
        ("close", Outcome.UNREACHABLE, "No answer"),
        ("garbage", Outcome.UNREACHABLE, "not RouterOS 7"),
        ((401, "Unauthorized"), Outcome.UNREACHABLE, "refuses the sign-in"),
        ((404, "Not Found"), Outcome.REFUSED, "Not Found"),
        ((400, "no such item"), Outcome.REFUSED, "no such item"),
        ((400, "failure: not allowed"), Outcome.REFUSED, "not allowed"),
        ((500, "out of memory"), Outcome.REFUSED, "out of memory"),
    ],
)
def test_faults_are_told_apart(routeros, fault, outcome, says):
    routeros.fault = fault
    result = enforce(routeros.target(), want("anna", "off"))
    assert result.outcome == outcome
    assert says in result.detail


@pytest.mark.parametrize("fault", [(404, "Not Found"), (400, "no such item")])
def test_a_session_that_ends_by_itself_meanwhile_is_no_error(routeros, fault):
    routeros.log_in("anna")
    routeros.fault, routeros.fault_on = fault, "DELETE"
    assert enforce(routeros.target(), want("anna", "off")).outcome == Outcome.APPLIED


def test_another_certificate_gets_neither_a_word_nor_the_password(routeros):
    _, another = certificate("another")
    result = enforce(routeros.target(certificate_sha256=another), want("anna", "off"))
    assert result == (Outcome.UNREACHABLE, "The certificate is not the one that is noted", False)
    assert routeros.calls == []


@pytest.mark.parametrize("changes", [{"rest_url": "http://127.0.0.1"}, {"certificate_sha256": ""}, {"rest_url": ""}])
def test_without_https_or_a_pinned_certificate_nothing_is_sent(routeros, changes):
    result = ask(routeros.target(**changes), lambda adapter: adapter.probe())
    assert result.outcome == Outcome.UNREACHABLE
    assert "https" in result.detail


def test_entries_of_the_router_itself_are_listed_and_can_be_disabled(routeros):
    routeros.insert("ppp/secret", {"name": "backdoor", "disabled": "false"})
    routeros.insert("ip/hotspot/user", {"name": "guest", "disabled": "true", "comment": "lobby"})
    routeros.log_in("backdoor")
    entries = ask(routeros.target(), lambda adapter: adapter.local_entries())
    assert [(e.login, e.path, e.is_disabled, e.mark) for e in entries] == [
        ("backdoor", "ppp/secret", False, ""),
        ("guest", "ip/hotspot/user", True, "lobby"),
    ]
    ask(routeros.target(), lambda adapter: adapter.disable(entries[0]))
    assert routeros.entry("backdoor")["disabled"] == "true"
    assert not routeros.is_online("backdoor")


def test_sessions_are_listed(routeros):
    routeros.log_in("anna", address="10.0.0.7")
    (session,) = ask(routeros.target(), lambda adapter: adapter.sessions())
    assert (session.login, session.framed_address) == ("anna", "10.0.0.7")
    routeros.fault = "garbage"
    with pytest.raises(NoAnswer):
        ask(routeros.target(), lambda adapter: adapter.sessions())


def test_a_password_may_have_any_letters(routeros, monkeypatch):
    monkeypatch.setattr(fake_routeros, "PASSWORD", "пароль €")
    assert enforce(routeros.target(rest_password="пароль €"), want("anna")).outcome == Outcome.APPLIED


def test_an_address_with_a_port_that_cannot_be_is_told(routeros):
    result = enforce(routeros.target(rest_url="https://127.0.0.1:99999/rest"), want("anna"))
    assert result.outcome == Outcome.UNREACHABLE
    assert "https address" in result.detail
