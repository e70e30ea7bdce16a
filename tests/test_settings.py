"""Wrong settings and an unusable database end in one clear message, never in a traceback."""

import os
import subprocess
import sys

import pytest

from tests.jobs.processes import ROOT, database_url

pytestmark = pytest.mark.django_db


def manage(*arguments, **environment):
    values = {"DATABASE_URL": database_url(), "DEMO": "1", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **{name: value for name, value in values.items() if value is not None}},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


WRONG = [
    ({"DEMO": "0"}, "(utils.E001) DJANGO_SECRET_KEY: it is empty"),
    (
        {"DEMO": "0", "DJANGO_SECRET_KEY": "example-secret-key-for-the-demo-only-never-for-real-customers"},
        "(utils.E003) DJANGO_SECRET_KEY is the example",
    ),
    ({"DEMO": "0", "DJANGO_SECRET_KEY": "short"}, "(utils.E004) DJANGO_SECRET_KEY is too short"),
    ({"TIME_ZONE": "Mars/Olympus"}, "(utils.E001) TIME_ZONE: 'Mars/Olympus' is not a value that can be used"),
    ({"CURRENCY": "XYZ"}, "(billing.E001) CURRENCY: 'XYZ' is not a currency"),
    ({"LATE_FEE": "two"}, "(billing.E002) LATE_FEE: “two” is not an amount"),
    ({"LATE_FEE": "101%"}, "(billing.E002) LATE_FEE: A late fee of 101% is above 100 %"),
    ({"LATE_FEE": "-1"}, "(billing.E002) LATE_FEE: A late fee of -1 is below zero"),
    ({"LATE_FEE_DAYS": "0"}, "(utils.E001) LATE_FEE_DAYS: '0'"),
    ({"BILLING_BATCH_SIZE": "0"}, "(utils.E001) BILLING_BATCH_SIZE: '0'"),
    (
        {"SCHEDULED_CHANGES_CRON": "hourly"},
        "(utils.E005) SCHEDULED_CHANGES_CRON: 'hourly' has 1 fields instead of 5",
    ),
    ({"BILLING_RUN_CRON": "daily"}, "(utils.E005) BILLING_RUN_CRON: 'daily' has 1 fields instead of 5"),
    ({"EXPIRY_CHECK_CRON": "often"}, "(utils.E005) EXPIRY_CHECK_CRON: 'often' has 1 fields instead of 5"),
    ({"DUE_DAYS": "-1"}, "(utils.E001) DUE_DAYS: '-1' is not a value that can be used"),
    ({"GRACE_DAYS": "two"}, "(utils.E001) GRACE_DAYS: 'two'"),
    ({"GRACE_DAYS": "-1"}, "(utils.E001) GRACE_DAYS: '-1'"),
    ({"CUT_OFF_TIME": "25:00"}, "(billing.E003) CUT_OFF_TIME: “25:00” is not a time of day"),
    ({"WEEKDAYS_WITHOUT_CUTS": "fri,monkey"}, "(billing.E004) WEEKDAYS_WITHOUT_CUTS: “monkey” is not a weekday"),
    (
        {"WEEKDAYS_WITHOUT_CUTS": "mon,tue,wed,thu,fri,sat,sun"},
        "(billing.E004) WEEKDAYS_WITHOUT_CUTS: All seven weekdays are without cuts",
    ),
    ({"CASH_LIMIT": "much"}, "(billing.E040) CASH_LIMIT: "),
    ({"MINIMUM_DEBT": "-1"}, "(billing.E005) MINIMUM_DEBT: -1 is below zero"),
    ({"MINIMUM_DEBT": "0.001"}, "(billing.E005) MINIMUM_DEBT: 0.001 has too many decimals"),
    ({"MINIMUM_DEBT": "1.50", "CURRENCY": "JPY"}, "(billing.E005) MINIMUM_DEBT: 1.50 has too many decimals"),
    ({"ONE_OFF_BILLS_CUT": "some"}, "(utils.E001) ONE_OFF_BILLS_CUT: 'some'"),
    ({"NEW_CUSTOMER_DAYS": "-1"}, "(utils.E001) NEW_CUSTOMER_DAYS: '-1'"),
    ({"END_AFTER_DAYS": "-1"}, "(utils.E001) END_AFTER_DAYS: '-1'"),
    ({"REMINDER_DAYS": "-3,soon"}, "(billing.E006) REMINDER_DAYS: “soon” is not a number of days"),
    ({"REMINDER_DAYS": "1,1"}, "(billing.E006) REMINDER_DAYS: Two reminders come on the same day"),
    ({"PROMISE_MAX_DAYS": "0"}, "(utils.E001) PROMISE_MAX_DAYS: '0'"),
    ({"PROMISES_PER_YEAR": "-1"}, "(utils.E001) PROMISES_PER_YEAR: '-1'"),
    ({"MAX_CUTS_PERCENT": "0"}, "(utils.E001) MAX_CUTS_PERCENT: '0'"),
    ({"MAX_CUTS_PERCENT": "101"}, "(utils.E001) MAX_CUTS_PERCENT: '101'"),
    ({"MAX_CUTS_COUNT": "-1"}, "(utils.E001) MAX_CUTS_COUNT: '-1'"),
    ({"REMINDERS_CRON": "mornings"}, "(utils.E005) REMINDERS_CRON: 'mornings' has 1 fields instead of 5"),
    ({"COMPANY_LOGO": "logo.doc"}, "(billing.E020) COMPANY_LOGO: logo.doc is not a picture of a kind"),
    ({"COMPANY_LOGO": "nowhere.png"}, "(billing.E020) COMPANY_LOGO: there is no file"),
    ({"PAYMENT_QR": "sepa"}, "(utils.E001) PAYMENT_QR: 'sepa'"),
    ({"PAYMENT_QR": "epc"}, "(billing.E021) PAYMENT_ACCOUNT: Codes of the kind epc are for EUR"),
    ({"PAYMENT_QR": "epc", "CURRENCY": "EUR"}, "(billing.E021) PAYMENT_ACCOUNT: “” is not an IBAN"),
    (
        {"PAYMENT_QR": "epc", "CURRENCY": "EUR", "PAYMENT_ACCOUNT": "BE71 0961 2345 6768"},
        "(billing.E021) PAYMENT_ACCOUNT: The check digits of the IBAN “BE71 0961 2345 6768” are wrong",
    ),
    (
        {"PAYMENT_QR": "upi", "CURRENCY": "INR", "PAYMENT_ACCOUNT": "fibrenet"},
        "(billing.E021) PAYMENT_ACCOUNT: “fibrenet” is not a UPI address",
    ),
    ({"PAYMENT_QR": "text"}, "(billing.E021) PAYMENT_ACCOUNT: It is empty"),
    (
        {"PAYMENT_QR": "text", "PAYMENT_ACCOUNT": "pay {login}"},
        "(billing.E021) PAYMENT_ACCOUNT: “{login}” is not known",
    ),
    ({"WEB_CONCURRENCY": "0"}, "(utils.E001) WEB_CONCURRENCY: '0'"),
    ({"LOG_LEVEL": "LOUD"}, "(utils.E001) LOG_LEVEL: 'LOUD'"),
    ({"METRICS_NETWORKS": "10.0.0.1/8"}, "(utils.E010) METRICS_NETWORKS: 10.0.0.1/8 has host bits set"),
    ({"METRICS_NETWORKS": "::1/128,home"}, "(utils.E010) METRICS_NETWORKS: 'home' does not appear to be"),
    ({"METRICS_TOKEN": "short"}, "(utils.E011) METRICS_TOKEN is too short"),
    ({"METRICS_TOKEN_FILE": "/nowhere"}, "(utils.E001) METRICS_TOKEN: the file named by"),
    ({"ALARM_EMAILS": "ops@example.net"}, "(utils.E021) ALARM_EMAILS is set, but EMAIL_HOST is not"),
    ({"ALARM_EMAILS": "ops", "EMAIL_HOST": "mail"}, "(utils.E022) ALARM_EMAILS: 'ops' is not an e-mail address"),
    ({"ALARM_EMAILS": "ops@example.net", "EMAIL_HOST": "mail"}, "(utils.E022) DEFAULT_FROM_EMAIL: ''"),
    ({"EMAIL_PORT": "0"}, "(utils.E001) EMAIL_PORT: '0'"),
    ({"EMAIL_USE_TLS": "yess"}, "(utils.E001) EMAIL_USE_TLS: 'yess'"),
    ({"ALARM_WEBHOOK_URL": "ftp://example.net/hook"}, "(utils.E023) ALARM_WEBHOOK_URL is not an http or https"),
    ({"ALARM_WEBHOOK_URL": "https://"}, "(utils.E023) ALARM_WEBHOOK_URL is not an http or https address"),
    ({"DEAD_MAN_URLS": "verify_books=hc-ping.com/1"}, "(utils.E023) DEAD_MAN_URLS: that of verify_books is not"),
    ({"DEAD_MAN_URLS": "https://hc-ping.com/1?a=b"}, "(utils.E024) DEAD_MAN_URLS has an entry that is not"),
    ({"TWO_STEP_ROLES": "owner,boss"}, "(billing.E030) TWO_STEP_ROLES: “boss” is not a role"),
    ({"NETWORK_KEY": "short"}, "(billing.E050) NETWORK_KEY is too short"),
    ({"NETWORK_KEY": "x" * 40 + "'"}, "(billing.E050) NETWORK_KEY is too short, or has other characters"),
    ({"UNPAID_ACCESS": "some"}, "(utils.E001) UNPAID_ACCESS: 'some'"),
    ({"GARDEN_POOL": "a b"}, "(billing.E051) GARDEN_POOL is not a name on a router"),
    ({"GARDEN_ADDRESS_LIST": "x;y"}, "(billing.E051) GARDEN_ADDRESS_LIST is not a name on a router"),
    ({"UNPAID_ACCESS": "garden", "GARDEN_ADDRESS_LIST": ""}, "(billing.E052) UNPAID_ACCESS is garden"),
    ({"GARDEN_KBPS": "0"}, "(utils.E001) GARDEN_KBPS: '0'"),
    ({"NETWORK_INTERIM_SECONDS": "59"}, "(utils.E001) NETWORK_INTERIM_SECONDS: '59'"),
    ({"SESSION_HISTORY_DAYS": "30"}, "(utils.E001) SESSION_HISTORY_DAYS: '30'"),
    ({"SIGN_IN_FAILURES": "0"}, "(utils.E001) SIGN_IN_FAILURES: '0'"),
    ({"PROXY_COUNT": "-1"}, "(utils.E001) PROXY_COUNT: '-1'"),
    ({"DEMO": "perhaps"}, "(utils.E001) DEMO: 'perhaps'"),
    ({"DATABASE_URL": "mysql://a:b@c/d"}, "(utils.E001) DATABASE_URL: it is not the URL of a PostgreSQL database"),
    ({"DJANGO_SECRET_KEY_FILE": "/nowhere"}, "(utils.E001) DJANGO_SECRET_KEY: the file named by"),
]
CHANGE_OTHERS = {"DEMO", "CURRENCY", "DATABASE_URL", "DJANGO_SECRET_KEY_FILE"}


def packs():
    """The wrong settings, as many at once as have nothing to do with each other: a start takes a second."""
    found = []
    for environment, said in WRONG:
        kind = "E001" if "E001" in said else "others"  # what cannot be read stops before what contradicts itself
        names = environment.keys()
        for pack_kind, settings, told in found:
            if pack_kind == kind and not names & settings.keys() and not (names | settings.keys()) & CHANGE_OTHERS:
                settings.update(environment)
                told.append(said)
                break
        else:
            found.append((kind, dict(environment), [said]))
    return [(settings, told) for _kind, settings, told in found]


@pytest.mark.parametrize(("environment", "told"), packs(), ids=lambda value: "-".join(value)[:60])
def test_wrong_settings_stop_the_start_with_ids_and_hints(environment, told):
    result = manage("check", **environment)
    assert result.returncode == 1
    assert [said for said in told if said not in result.stderr] == []
    assert result.stderr.count("HINT:") >= len(told)
    assert "Traceback" not in result.stderr


def test_a_setting_that_is_left_empty_has_its_default():
    empty = ("CUT_OFF_TIME", "WEEKDAYS_WITHOUT_CUTS", "MINIMUM_DEBT", "REMINDER_DAYS", "MAX_CUTS_PERCENT", "GRACE_DAYS")
    result = manage("check", **dict.fromkeys(empty, ""))
    assert (result.returncode, result.stderr) == (0, "")


def test_good_settings_pass_the_deployment_check():
    result = manage(
        "check", "--deploy", DEMO=None, DJANGO_SECRET_KEY="a-long-Random-looking-key-" + "0123456789abcdefXYZ" * 2
    )
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (1 silenced).\n")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://postgres:x@127.0.0.1:1/django_db", "Check that PostgreSQL runs and that DATABASE_URL is right"),
        ("wrong password", "Check user and password in DATABASE_URL"),
        ("no such database", "Check the names in DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line(url, said):
    if url == "wrong password":
        url = database_url().replace(database_url().split(":")[2].split("@")[0], "wrong")
    elif url == "no such database":
        url = database_url("nowhere")
    result = manage("migrate", DATABASE_URL=url)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "wrong" not in result.stderr


def test_the_shell_runs_pasted_code_and_shows_what_it_prints_and_nothing_else():
    result = manage("shell", "-c", "\n  jobs = 2\n  print('Jobs:', jobs)\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "Jobs: 2\n", "")
