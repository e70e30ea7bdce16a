"""What the tables of the network keep as codes, in words: why something is wanted, why a login was refused."""

from __future__ import annotations

from billing.models import Block
from billing.words import gettext_lazy

WORDS = {
    "again": gettext_lazy("asked to apply it again"),
    "disconnect": gettext_lazy("asked to disconnect"),
    "reconcile": gettext_lazy("the network differed"),
    "stale-start": gettext_lazy("a session began under an old policy"),
    "changed": gettext_lazy("changed"),
    "on": gettext_lazy("on"),
    "off": gettext_lazy("off"),
    "garden": gettext_lazy("in the garden"),
    "unknown login": gettext_lazy("unknown login"),
    "no password set": gettext_lazy("no password set"),
    "wrong password": gettext_lazy("wrong password"),
}


def in_words(codes: str) -> str:
    """One code or several with commas, such as “unpaid, quota”, as staff read them; what is no code stays as it is."""
    reasons = dict(Block.Reason.choices)
    return ", ".join(str(WORDS.get(code) or reasons.get(code, code)) for code in codes.split(", "))
