"""Questions that wait while one is being answered are put together in the next one: many sessions cost one look-up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

MOST_AT_ONCE = 500


class Batches(Generic[Answer]):
    """Key → answer, each question answered by a look-up that began after it came."""

    def __init__(self, look_up: Callable[[Sequence[str]], Awaitable[Mapping[str, Answer]]]) -> None:
        """`look_up` answers for all of the keys, at most `MOST_AT_ONCE` of them."""
        self._look_up = look_up
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._working: asyncio.Task[None] | None = None

    async def ask(self, key: str) -> Answer:
        """The answer for this key.

        Raises:
            Exception: whatever the look-up raised.
        """
        loop = asyncio.get_running_loop()
        if self._working is None or self._working.done() or self._working.get_loop() is not loop:
            self._waiting = {}
            self._working = loop.create_task(self._work())
        answer = self._waiting.setdefault(key, loop.create_future())
        # One who leaves must not end it for others.
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[:MOST_AT_ONCE]
            asked = {key: self._waiting.pop(key) for key in keys}
            try:
                found = await self._look_up(keys)
            except Exception as error:
                for answer in asked.values():
                    answer.set_exception(error)
                    # Those who asked may all have left.
                    answer.exception()
            else:
                for key, answer in asked.items():
                    answer.set_result(found[key])
