"""Tax per rate on the sum of a document's lines (rule M4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.money import rounded

PERCENT_DECIMALS = 4


@dataclass(frozen=True)
class Rate:
    """A tax of ``percent`` (20 is 20 %), contained in the lines when ``inclusive``, else added to them."""

    name: str
    percent: Decimal
    inclusive: bool


@dataclass(frozen=True)
class TaxTotal:
    """What one rate comes to on a document: the tax, and the base it is taken on."""

    rate: Rate
    base: Decimal
    tax: Decimal

    @property
    def lines(self) -> Decimal:
        """The sum of the lines with this rate, as they are printed."""
        return self.base + self.tax if self.rate.inclusive else self.base


@dataclass(frozen=True)
class Totals:
    """The sums of a document: ``total = net + tax``, exactly; untaxed lines are in ``net``."""

    net: Decimal
    tax: Decimal
    total: Decimal
    taxes: tuple[TaxTotal, ...]


Line = tuple[Decimal, Rate | None]


def totals(lines: Sequence[Line], currency: str) -> Totals:
    """The sums of lines of (amount, rate); without a rate a line is untaxed.

    Each rate is computed once, on the sum of its rounded lines, and rounded half up. Of an
    inclusive rate the base is what remains when the tax is taken out.
    """
    untaxed, sums = _by_rate(lines, currency)
    return _added_up(untaxed, [_taxed(rate, amount, currency) for rate, amount in sums.items()])


def credited(lines: Sequence[Line], left: Iterable[TaxTotal], currency: str) -> Totals:
    """The sums of a credit note over ``lines`` when ``left`` is what is left per rate of the bill.

    The tax never comes to more than is left of it, and when the lines use up what is left of a
    rate it is exactly the rest: however a bill is taken back in parts, they add up to it.

    Raises:
        Refused: more than is left of a rate.
    """
    untaxed, sums = _by_rate(lines, currency)
    rest = {part.rate: part for part in left}
    return _added_up(untaxed, [_taken_back(rate, amount, rest.get(rate), currency) for rate, amount in sums.items()])


def checked_percent(percent: Decimal) -> Decimal:
    """``percent`` if it can be a tax rate: from 0 to 100, with at most 4 decimals.

    Raises:
        Refused: otherwise.
    """
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise Refused("{percent} % cannot be a tax rate. Enter 0 to 100.", percent=percent)
    if percent != round(percent, PERCENT_DECIMALS):
        raise Refused(
            "{percent} % has too many decimals. Enter at most {percent_decimals}.",
            percent=percent,
            percent_decimals=PERCENT_DECIMALS,
        )
    return percent


def _by_rate(lines: Sequence[Line], currency: str) -> tuple[Decimal, dict[Rate, Decimal]]:
    """The sum of the untaxed lines, and the sum of each rate in the order in which rates come."""
    untaxed, sums = rounded(Decimal(0), currency), dict[Rate, Decimal]()
    for amount, rate in lines:
        if rate is None:
            untaxed += rounded(amount, currency)
        else:
            sums[rate] = sums.get(rate, Decimal(0)) + rounded(amount, currency)
    return untaxed, sums


def _taxed(rate: Rate, amount: Decimal, currency: str) -> TaxTotal:
    whole = 100 + rate.percent if rate.inclusive else Decimal(100)
    tax = rounded(amount * rate.percent / whole, currency)
    return TaxTotal(rate, amount - tax if rate.inclusive else amount, tax)


def _taken_back(rate: Rate, amount: Decimal, left: TaxTotal | None, currency: str) -> TaxTotal:
    if left is None or amount > left.lines:
        raise Refused(
            "{amount} with {rate} is more than the {lines} that is left of it on the bill. Credit no more than that.",
            amount=amount,
            rate=rate.name,
            lines=left.lines if left else 0,
        )
    if amount == left.lines:
        return left
    tax = min(_taxed(rate, amount, currency).tax, left.tax)
    if not rate.inclusive:
        return TaxTotal(rate, amount, tax)
    tax = max(tax, amount - left.base)
    return TaxTotal(rate, amount - tax, tax)


def _added_up(untaxed: Decimal, taxes: Sequence[TaxTotal]) -> Totals:
    net = untaxed + sum((part.base for part in taxes), Decimal(0))
    tax = sum((part.tax for part in taxes), Decimal(0))
    return Totals(net, tax, net + tax, tuple(taxes))
