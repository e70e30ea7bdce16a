"""How long a job's last runs took, as small bars."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.services.wording import counted
from utils.monitoring.facts import Fact

HEIGHT, STEP, WIDTH = 24, 5, 4  # of the picture and of a bar
LEAST = 1.5  # the height of a bar that took no time


def durations(runs: Sequence[Fact]) -> SafeString | str:
    """A picture of ``runs``, the oldest on the left, with the same in words; runs that did not succeed stand out."""
    if not runs:
        return ""
    longest = max(run.seconds for run in runs)
    bars = ((place * STEP, *_bar(run.seconds, longest), _class(run)) for place, run in enumerate(runs))
    return format_html(
        '<svg class="durations" role="img" aria-label="{words}" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}"><title>{words}</title>{bars}</svg>',
        words=_words(runs, longest),
        width=len(runs) * STEP,
        height=HEIGHT,
        bars=format_html_join("", f'<rect x="{{}}" y="{{}}" width="{WIDTH}" height="{{}}" class="{{}}"></rect>', bars),
    )


def seconds(length: float) -> str:
    """A length of time as short as it can be read, such as “0.02 s” and “12 min”."""
    if length < 10:
        return f"{length:.2f} s"
    return f"{length:.0f} s" if length < 600 else _("{length} min").format(length=f"{length / 60:.0f}")


def _bar(length: float, longest: float) -> tuple[str, str]:
    height = max(HEIGHT * length / longest, LEAST) if longest else LEAST
    return f"{HEIGHT - height:.1f}", f"{height:.1f}"


def _class(run: Fact) -> str:
    return "good" if run.kind == "succeeded" else "bad"


def _words(runs: Sequence[Fact], longest: float) -> str:
    shortest, failed = min(run.seconds for run in runs), sum(run.kind != "succeeded" for run in runs)
    text = _("The last {counted} took {seconds} to {seconds_2}").format(
        counted=counted(len(runs), "run"), seconds=seconds(shortest), seconds_2=seconds(longest)
    )
    text += _(", the latest {seconds}.").format(seconds=seconds(runs[-1].seconds))
    return _("{text} {counted} did not succeed.").format(text=text, counted=counted(failed, "run")) if failed else text
