"""System checks of the business settings; they stop the start with an id and a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.template import TemplateSyntaxError
from django.template.loader import get_template

from billing.models.catalog import NAME_ON_ROUTER
from billing.rules import calendar, ladder, payment_codes
from billing.rules.errors import Refused
from billing.rules.late_fee import LateFee
from billing.rules.money import is_currency, parse_minimum
from billing.rules.roles import ROLES
from billing.services.network import sealing

LOGO_KINDS = (".png", ".jpg", ".jpeg", ".svg", ".webp")
LARGEST_LOGO = 1_000_000  # bytes; it is in every document
GENERATE_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"


@register()
def currency_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if is_currency(settings.CURRENCY):
        return []
    return [
        Error(
            f"CURRENCY: {settings.CURRENCY!r} is not a currency.",
            hint="Write an ISO 4217 code, such as USD, EUR, INR, BDT or JPY.",
            id="billing.E001",
        )
    ]


@register()
def late_fee_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: LateFee.parse(settings.LATE_FEE, settings.CURRENCY),
        "LATE_FEE",
        hint="Write 0 for none, an amount such as 5.00, or a percentage such as 2%.",
        check_id="billing.E002",
    )


@register()
def cut_off_time_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: calendar.parse_time(settings.CUT_OFF_TIME),
        "CUT_OFF_TIME",
        hint="Write hours and minutes such as 09:30, or leave it empty for 00:00.",
        check_id="billing.E003",
    )


@register()
def weekdays_without_cuts_are_weekdays(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: calendar.parse_weekdays(settings.WEEKDAYS_WITHOUT_CUTS),
        "WEEKDAYS_WITHOUT_CUTS",
        hint="Write weekdays such as fri,sat, or leave it empty when every day may cut.",
        check_id="billing.E004",
    )


@register()
def minimum_debt_is_an_amount(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: parse_minimum(settings.MINIMUM_DEBT, settings.CURRENCY),
        "MINIMUM_DEBT",
        hint="Write the largest debt that cuts nobody, such as 0 or 1.50.",
        check_id="billing.E005",
    )


@register()
def cash_limit_is_an_amount(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: parse_minimum(settings.CASH_LIMIT, settings.CURRENCY),
        "CASH_LIMIT",
        hint="Write the most cash that a drawer should hold, such as 500, or 0 for no limit.",
        check_id="billing.E040",
    )


@register()
def reminder_days_are_days(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: ladder.parse_stages(settings.REMINDER_DAYS),
        "REMINDER_DAYS",
        hint="Write days after the due date such as -3,1,7 (-3 is three days before it), or leave it empty.",
        check_id="billing.E006",
    )


@register()
def logo_can_be_shown(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.COMPANY_LOGO:
        return []
    path = settings.CUSTOM_DIR / settings.COMPANY_LOGO
    fault = ""
    if path.suffix.lower() not in LOGO_KINDS:
        fault = f"{path.name} is not a picture of a kind that can be shown"
    elif not path.is_file():
        fault = f"there is no file {path}"
    elif path.stat().st_size > LARGEST_LOGO:
        fault = f"{path.name} is larger than 1 MB"
    hint = f"Put a picture ({', '.join(LOGO_KINDS)}) of up to 1 MB into {settings.CUSTOM_DIR}, and write its name."
    return [Error(f"COMPANY_LOGO: {fault}.", hint=hint, id="billing.E020")] if fault else []


@register()
def payment_codes_can_be_made(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return _refused(
        lambda: payment_codes.check(settings.PAYMENT_QR, settings.PAYMENT_ACCOUNT, settings.CURRENCY),
        "PAYMENT_ACCOUNT",
        hint="Write the account that PAYMENT_QR asks for: an IBAN for epc, a UPI address for upi, a text for text.",
        check_id="billing.E021",
    )


@register()
def own_templates_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    folder = settings.CUSTOM_DIR / "templates"
    errors: list[CheckMessage] = []
    for path in sorted(folder.rglob("*.html")):
        try:
            get_template(path.relative_to(folder).as_posix())
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            hint = "Correct the file, or take it away to use the one that came."
            errors.append(Error(f"{path}: {error}", hint=hint, id="billing.E022"))
    return errors


@register()
def roles_of_two_steps_are_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    hint = f"Write some of {', '.join(ROLES)} with commas between them, or leave it empty."
    return [
        Error(f"TWO_STEP_ROLES: “{role}” is not a role.", hint=hint, id="billing.E030")
        for role in settings.TWO_STEP_ROLES
        if role not in ROLES
    ]


@register()
def network_key_can_seal(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.NETWORK_KEY or sealing.KEYS.fullmatch(settings.NETWORK_KEY):
        return []
    hint = f"Set it to at least 32 random characters, made by: {GENERATE_KEY}. Letters, digits, “-” and “_” only."
    return [Error("NETWORK_KEY is too short, or has other characters.", hint=hint, id="billing.E050")]


@register()
def garden_is_a_place(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for name in ("GARDEN_POOL", "GARDEN_ADDRESS_LIST"):
        if not re.fullmatch(NAME_ON_ROUTER, getattr(settings, name)):
            hint = "Write the name that it has on the routers: letters, digits, “.”, “_” and “-”, up to 64."
            errors.append(Error(f"{name} is not a name on a router.", hint=hint, id="billing.E051"))
    if settings.UNPAID_ACCESS == "garden" and not settings.GARDEN_POOL + settings.GARDEN_ADDRESS_LIST:
        hint = "Set GARDEN_ADDRESS_LIST or GARDEN_POOL, by which routers know who is in the garden."
        errors.append(Error("UNPAID_ACCESS is garden, but nothing tells routers so.", hint=hint, id="billing.E052"))
    return errors


@register(Tags.database)
def postgresql_knows_the_time_zone(
    app_configs: Any, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Days of sign-ins and of use are told by PostgreSQL, which may have fewer names of zones than Python."""
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %s)", [settings.TIME_ZONE])
            if not cursor.fetchone()[0]:
                hint = "Write its newest name, such as Asia/Kolkata, or install tzdata-legacy where PostgreSQL runs."
                return [Error(f"TIME_ZONE: PostgreSQL knows no {settings.TIME_ZONE}.", hint=hint, id="billing.E053")]
    return []


def _refused(read: Callable[[], object], name: str, *, hint: str, check_id: str) -> list[CheckMessage]:
    try:
        read()
    except Refused as refused:
        return [Error(f"{name}: {refused}", hint=hint, id=check_id)]
    return []
