"""Sign-ins that real FreeRADIUS answers, accepted and refused, beside the same server on its stock tables."""

from __future__ import annotations

import random

from django.conf import settings

from benchmarks import installation, radius_server, signing_in
from benchmarks.measuring import Course, Race, Work
from billing.models import NetworkAccount, Router
from billing.services.network import policy, radius_login, sealing

STOCK, STOCK_REFUSED = "stock FreeRADIUS schema, accepted", "stock FreeRADIUS schema, refused"
ACCEPTED, REFUSED = "ISP Billing, accepted", "ISP Billing, refused"
WORK = Work("Sign-ins", "sign-in", limit=STOCK)
REQUESTS, WARM_UP = 20_000, 4_000
PASSWORD, SECRET = "correct-horse", "a-secret-for-made-up-routers"
LOGIN, LOGIN_PASSWORD = "isp_freeradius_benchmark", "a-password-for-measuring-only"
TABLES = ("stock_radcheck", "stock_radreply", "stock_radusergroup", "stock_radpostauth")
ACCEPT, REJECT = 2, 3


def race(course: Course) -> Race:
    """Every twentieth subscription is off, and all have signed in before; each round draws logins, 64 at once."""
    race = Race(WORK, course.size)
    _prepare(course)
    switched = {number: number % 20 != 0 for number in range(1, course.size + 1)}
    logins = {ACCEPT: [n for n, on in switched.items() if on], REJECT: [n for n, on in switched.items() if not on]}
    contenders = (
        (ACCEPTED, REFUSED, installation.FOLDER / "radius", radius_server.OURS),
        (STOCK, STOCK_REFUSED, installation.FOLDER / "stock-radius", radius_server.STOCK),
    )
    draw = random.Random(course.size)
    for _ in range(course.rounds):
        for accepted, refused, folder, queries in contenders:
            with radius_server.running(folder, queries, LOGIN, LOGIN_PASSWORD) as server:
                _round(server.port, logins[ACCEPT], ACCEPT, WARM_UP, draw)
                for contender, wanted in ((accepted, ACCEPT), (refused, REJECT)):
                    seconds = _round(server.port, logins[wanted], wanted, REQUESTS, draw)
                    race.add(contender, rows=REQUESTS, seconds=seconds, queries=0, memory=server.memory())
    _put_back(course)
    return race


def _round(port: int, numbers: list[int], wanted: int, count: int, draw: random.Random) -> float:
    """The seconds for ``count`` sign-ins, all of which must be answered as ``wanted``."""
    asked = draw.choices(numbers, k=count)
    packets = [signing_in.request(n, f"c{asked_one:07}", PASSWORD, SECRET) for n, asked_one in enumerate(asked)]
    seconds, codes = signing_in.ask(port, packets)
    assert codes == {wanted: count}, codes
    return seconds


def _prepare(course: Course) -> None:
    radius_login.grant(LOGIN, LOGIN_PASSWORD)
    with course.by_hand.cursor() as cursor:
        cursor.execute("UPDATE billing_plan SET download_kbps = 50000, upload_kbps = 10000, pool = 'homes'")
        cursor.execute(
            "INSERT INTO billing_networkaccount (subscription_id, password_sealed)"
            " SELECT id, %s FROM billing_subscription",
            [sealing.seal(PASSWORD)],
        )
        cursor.execute("UPDATE billing_accessstate SET is_on = false WHERE subscription_id %% 20 = 0", [])
        cursor.execute(installation.sql("signed_in_before"))
        cursor.execute(installation.sql("stock_radius"), {"password": PASSWORD})
        cursor.execute(f"GRANT SELECT, INSERT ON {', '.join(TABLES)} TO {LOGIN}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {LOGIN}")
        cursor.execute(f"GRANT USAGE ON SEQUENCE stock_radpostauth_id_seq TO {LOGIN}")
    Router.objects.create(name="router", address="127.0.0.1", secret_sealed=sealing.seal(SECRET))
    policy.follow()
    installation.settle_down("billing_networkaccount", "billing_accessstate", "billing_loginattempt", *TABLES)
    _look_everybody_up(course)


def _look_everybody_up(course: Course) -> None:
    """The server's memory holds then what it holds after a while: what is asked of all."""
    with course.by_hand.cursor() as cursor:
        cursor.execute("SELECT radius.use_key(%s)", [settings.NETWORK_KEY])
        cursor.execute("SELECT count(radius.judged(login)) FROM billing_subscription")
        cursor.execute(
            "SELECT count(checks.id) + count(replies.id) FROM billing_subscription JOIN LATERAL"
            " (SELECT id FROM stock_radcheck WHERE username = login LIMIT 1) checks ON true JOIN LATERAL"
            " (SELECT id FROM stock_radreply WHERE username = login LIMIT 1) replies ON true"
        )


def _put_back(course: Course) -> None:
    with course.by_hand.cursor() as cursor:
        cursor.execute(f"DROP TABLE {', '.join(TABLES)}")
        cursor.execute("UPDATE billing_accessstate SET is_on = true WHERE NOT is_on")
        cursor.execute("DELETE FROM billing_loginattempt; DELETE FROM billing_routerstate; DELETE FROM billing_router")
    NetworkAccount.objects.all().delete()
