"""Pictures of pages for the documents: PICTURES=docs/pictures .venv/bin/python -m pytest -m browser tests/e2e"""

import os
from pathlib import Path

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MARGIN = 90  # for the bar at the bottom of the window


def picture(tab, name: str, *, dark: bool = False, size: dict[str, int] = DESKTOP) -> None:
    """Keep what ``tab`` shows as ``name``.png in the folder $PICTURES; without one, nothing."""
    if not (folder := os.environ.get("PICTURES")):
        return
    before = tab.viewport_size
    tab.set_viewport_size(size)
    tab.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    whole = tab.evaluate("(document.getElementById('content-main') ?? document.body).getBoundingClientRect().bottom")
    tab.set_viewport_size({**size, "height": max(size["height"], round(whole) + MARGIN)})
    tab.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
    tab.set_viewport_size(before)
