"""Five tasks of the desk in a real browser on both, as a table: python -m benchmarks.desk_tasks [CUSTOMERS]"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from types import ModuleType
from typing import Any

from benchmarks import installation

TASKS = {"find": "Find", "pay": "Pay", "promise": "Promise", "change_plan": "Plan change", "print_bill": "Print"}
TIMES = 3  # each task, each time for another subscriber
FROM_THE_CUSTOMER = ("pay", "promise", "change_plan", "print_bill")


def main(customers: int) -> None:
    installation.use()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright has a loop of its own

    import django

    django.setup()
    from benchmarks import history
    from benchmarks.desk_tasks import ours, stock, subscriber

    history.populate(customers)
    people = subscriber.some(2 * TIMES * len(TASKS))
    efforts = {}
    for name, tasks in (("ours", ours), ("stock", stock)):
        with _desk(name) as desk:
            efforts[name] = {task: [_do(desk, tasks, task, people.pop()) for _ in range(TIMES)] for task in TASKS}
    _print(efforts)


@contextmanager
def _desk(kind: str) -> Iterator[Any]:
    """A browser that is signed in at a server of one kind."""
    from playwright.sync_api import sync_playwright

    from benchmarks.desk_tasks.journey import Journey
    from benchmarks.serving import server

    environment = {"DESK_TASKS": kind, "DJANGO_ALLOW_ASYNC_UNSAFE": ""}
    with server("benchmarks.desk_tasks.server:application", environment) as port, sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        site = f"http://localhost:{port}"
        context.add_cookies([{"name": "sessionid", "value": _session(), "url": site}])
        yield Journey(context.new_page(), site)
        browser.close()


def _session() -> str:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.get(username="admin"))
    return client.cookies["sessionid"].value


def _do(desk: Any, tasks: ModuleType, task: str, one: Any) -> Any:
    """One task; what is done at the customer's page begins there, and finding it is a task of its own."""
    desk.open(tasks.START)
    if task in FROM_THE_CUSTOMER and tasks.__name__.endswith("ours"):
        tasks.find(desk, one)
    with desk.task() as effort:
        getattr(tasks, task)(desk, one)
    return effort


def _print(efforts: dict[str, dict[str, list[Any]]]) -> None:
    print("| task | here: pages | clicks | fields | server | forms: pages | clicks | fields | server |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for task, title in TASKS.items():
        cells = [title]
        for kind in ("ours", "stock"):
            done = efforts[kind][task]
            cells += [str(done[0].pages), str(done[0].clicks), str(done[0].fields)]
            cells.append(f"{median(one.seconds for one in done):.2f} s")
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
