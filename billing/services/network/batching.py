"""Database work of an event loop: in one thread of its own, and for many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Database:
    """One thread with one session: Django's sessions belong to their thread, and an event loop must not wait."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="network-database")

    async def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` there; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the session, whatever state it is in."""
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()


class Batches(Generic[Question, Answer]):
    """Answers questions together: those that come while the database is busy go with the next statement."""

    def __init__(self, database: Database, answer: Callable[[list[Question]], Sequence[Answer]]) -> None:
        self._database = database
        self._answer = answer
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._turn: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._turn is None or self._turn.done():
            self._turn = asyncio.create_task(self._work())
        return await future

    async def settle(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._turn is not None and not self._turn.done():
            await self._turn

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            questions = [question for question, _ in batch]
            try:
                answers = await self._database.run(partial(self._answer, questions))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
