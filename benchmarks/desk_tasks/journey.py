"""A cashier in a real browser whose pages, clicks, fields and server time are counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.desk_tasks.server import HEADER


@dataclass
class Effort:
    """Of one task: pages loaded, clicks and keys in the place of one, fields filled, seconds of the server."""

    pages: int = 0
    clicks: int = 0
    fields: int = 0
    seconds: float = 0.0


class Journey:
    """``tab`` is a page of Playwright that is signed in; ``site`` is where the server answers."""

    def __init__(self, tab: Any, site: str) -> None:
        self.tab, self.site = tab, site
        self._effort = Effort()
        tab.on("response", self._answered)

    @contextmanager
    def task(self) -> Iterator[Effort]:
        """What is done within it is counted, and nothing before or after it."""
        self._effort = Effort()
        yield self._effort
        self.tab.wait_for_load_state("networkidle")
        self._effort = Effort()

    def open(self, address: str) -> None:
        """Where a task begins: not counted as a click."""
        self.tab.goto(self.site + address)

    def follow(self, address: str) -> None:
        """A click on a link of the menu, which stands on every page."""
        self.open(address)
        self._clicked()

    def click(self, target: Any) -> None:
        target.click()
        self._clicked()

    def press(self, key: str) -> None:
        """A key that leads to another page."""
        with self.tab.expect_navigation():
            self.tab.keyboard.press(key)
        self._clicked()

    def fill(self, target: Any, text: str) -> None:
        target.fill(text)
        self._effort.fields += 1

    def choose(self, target: Any, label: str) -> None:
        target.select_option(label=label)
        self._effort.fields += 1

    def look_up(self, field: str, text: str) -> None:
        """Find a row in a box that searches while one types."""
        self.click(self.tab.locator(f"#id_{field} + .select2"))
        self.fill(self.tab.locator(".select2-search__field").last, text)
        found = self.tab.locator(".select2-results__option--selectable, .select2-results__option[role=option]")
        found.first.wait_for()
        self.tab.wait_for_load_state("networkidle")
        self.click(found.first)

    def _clicked(self) -> None:
        self._effort.clicks += 1
        self.tab.wait_for_load_state("networkidle")

    def _answered(self, answer: Any) -> None:
        self._effort.seconds += float(answer.headers.get(HEADER.lower(), 0))
        if answer.request.resource_type == "document" and answer.status == 200:
            self._effort.pages += 1
