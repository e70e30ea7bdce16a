"""How documents for customers write amounts and shares, in the language of the page."""

from decimal import Decimal
from unicodedata import bidirectional

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.services import wording

register = template.Library()
register.filter("price", wording.price)


@register.filter
def written(text: str) -> SafeString:
    """What somebody typed, in the direction of its own letters, whatever is that of the page."""
    return format_html('<bdi dir="{}">{}</bdi>', _direction(text), linebreaksbr(text))


def _direction(text: str) -> str:
    """That of the first letter that has one; figures and signs have none."""
    strong = (bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L" else "ltr"


@register.filter
def percent(value: Decimal) -> SafeString:
    """A share such as ``5.5 %``."""
    return format_html("<bdi>{} %</bdi>", f"{value.normalize():f}")


@register.filter
def taken_away(amount: Decimal) -> Decimal:
    """The amount of a reversal as it counts on the receipt."""
    return -amount
