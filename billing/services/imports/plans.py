"""Plans, known again by their code, which is made of the name when there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from billing.models import Plan, TaxRate
from billing.rules.errors import Refused
from billing.services import plans
from billing.services.imports import keys
from billing.services.imports.values import Field, Found, Importer, Outcome, Values, chosen, found_by
from billing.words import gettext_noop

SPEEDS = ("download_kbps", "upload_kbps")
WHOLE = ("billing_day", "lead_days", "due_days", "grace_days", "trial_days", *SPEEDS)
DAYS = ("available_from", "available_until")
FIELDS = (
    Field(
        "name", gettext_noop("Name"), ("plan name", "name_plan", "planname", "title", "service name"), True, "Home 10"
    ),
    Field("code", gettext_noop("Code"), ("plan code", "plan id"), example="home-10"),
    Field("price", gettext_noop("Price"), ("plan cost", "amount", "monthly price", "plancost"), True, "20.00"),
    Field("interval", gettext_noop("Interval"), ("period", "validity", "billing period"), example="1 month"),
    Field("interval_unit", gettext_noop("Unit of the interval"), (), example="month"),
    Field("mode", gettext_noop("Mode"), ("billing type", "prepaid"), example="prepaid"),
    Field("tax", gettext_noop("Tax rate"), ("tax name", "vat", "plantax"), example="VAT 20%"),
    Field(
        "download_kbps", gettext_noop("Download (kbit/s)"), ("speed download", "download", "rate down"), example="10000"
    ),
    Field("upload_kbps", gettext_noop("Upload (kbit/s)"), ("speed upload", "upload", "rate up"), example="2000"),
    Field("billing_day", gettext_noop("Billing day"), (), example="1"),
    Field("lead_days", gettext_noop("Lead days"), (), example="3"),
    Field("due_days", gettext_noop("Days to pay"), (), example="14"),
    Field("grace_days", gettext_noop("Days of grace"), (), example="0"),
    Field("trial_days", gettext_noop("Trial days"), (), example="0"),
    Field("available_from", gettext_noop("Sold from"), (), example="2026-01-01"),
    Field("available_until", gettext_noop("Sold until"), (), example="2026-12-31"),
)
UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
MODES = {"yes": "prepaid", "no": "postpaid", "recurring": "postpaid", "prepaid": "prepaid", "postpaid": "postpaid"}


class Plans(Importer):
    """Plans are added, or changed where the file says something else."""

    def found(self, rows: Sequence[Values]) -> list[Found]:
        """What each row is to do."""
        self._rates = {rate.name.casefold(): rate for rate in TaxRate.objects.all()}
        self._known = {plan.code: plan for plan in Plan.objects.filter(code__in=[code_of(row) for row in rows])}
        return found_by(self._of, rows)

    def _of(self, row: Values) -> Found:
        code, values = code_of(row), self._values(row)
        plan = self._known.get(code)
        if plan is None:
            new = Plan(code=code, **values)
            _check(new)
            return Found(Outcome.NEW, _("Code {code}").format(code=code), lambda: plans.add(new), code)
        changes = {name: value for name, value in values.items() if getattr(plan, name) != value}
        if not changes:
            return Found(Outcome.SAME, "", key=code)
        if plans.is_in_use(plan) and set(changes) & set(plans.RHYTHM):
            raise Refused("{plan} is in use: its interval and billing day stay. Give this row another code.", plan=plan)
        told = "; ".join(f"{name}: {keys.shown(getattr(plan, name), value)}" for name, value in changes.items())
        for name, value in changes.items():
            setattr(plan, name, value)
        _check(plan)
        return Found(Outcome.CHANGED, told, lambda: plans.change(plan, changes, now=self.now, by=self.by), code)

    def _values(self, row: Values) -> dict[str, Any]:
        values: dict[str, Any] = {"name": row.text("name"), "price": row.amount("price")}
        if values["price"] is None:
            raise Refused("A plan needs a price; write 0 for one that is free.")
        values["price"] = plans.checked_price(values["price"])
        values |= {name: row.whole(name) for name in WHOLE if row.has(name)}
        values |= {name: values[name] or None for name in SPEEDS if name in values}  # other programs write 0 for none
        values |= {name: row.day(name) for name in DAYS if row.has(name)}
        if row.has("interval"):
            count, unit = _interval(row.text("interval"), row.text("interval_unit"))
            values |= {"interval_count": count, "interval_unit": unit}
        if row.has("mode"):
            values["mode"] = _mode(row.text("mode"))
        if row.has("tax"):
            values["tax_rate"] = self._rate(row.text("tax"))
        return values

    def _rate(self, name: str) -> TaxRate:
        if name.casefold() not in self._rates:
            raise Refused(
                "There is no tax rate “{name}”. Add it under Tax rates first, or correct the name.", name=name
            )
        return self._rates[name.casefold()]


def code_of(row: Values) -> str:
    """The code of the row's plan."""
    return row.text("code") or code_of_name(row.text("name"))


def code_of_name(name: str) -> str:
    """The code that a plan has that is called so and was given none."""
    return slugify(name)[:40] or slugify(name, allow_unicode=True)[:40]


def _interval(text: str, unit: str) -> tuple[int, str]:
    """``unit`` is that of a number alone, and stands in a column of its own."""
    text = f"{text} {chosen(unit, Plan.IntervalUnit.choices) or unit}".strip()
    match = re.fullmatch(r"(\d{1,3})?\s*(day|week|month|year|daily|monthly|weekly|yearly)s?", text.casefold())
    if not match:
        raise Refused("“{text}” is not an interval. Write it like 1 month or 30 days.", text=text)
    return int(match[1] or 1), UNITS[match[2][0]]


def _mode(text: str) -> str:
    mode = MODES.get(text.casefold()) or chosen(text, Plan.Mode.choices)
    if not mode:
        raise Refused("“{text}” is not a mode. Write prepaid or postpaid.", text=text)
    return mode


def _check(plan: Plan) -> None:
    try:
        plan.full_clean(validate_unique=False)
    except ValidationError as error:
        name, errors = next(iter(error.message_dict.items()))
        raise Refused(
            "{replace}: {errors}", replace=name.replace("_", " ").strip().capitalize(), errors=errors[0]
        ) from error
