"""A task's wait ended from outside: what ``asyncio.timeout`` does by the clock, without a task of its own."""

from __future__ import annotations

import asyncio


class Recall:
    """For the wait that the present task begins now."""

    __slots__ = ("_called", "_cancelling", "_over", "_task")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "only a task can be called back"
        self._task = task
        self._cancelling = task.cancelling()
        self._called = False
        self._over = False

    def end(self) -> None:
        """Have the wait end with ``CancelledError``; once is enough, and when it is over that does nothing."""
        if not (self._called or self._over):
            self._called = True
            self._task.cancel()

    def over(self) -> None:
        """The wait has ended."""
        self._over = True

    def ended(self, error: BaseException) -> bool:
        """Whether the wait ended with `error` for this reason alone; then the task is not cancelled any more.

        To be asked where the wait ends with an error. Whoever cancelled the task, too, is heard.
        """
        if not self._called:
            return False
        alone = self._task.uncancel() <= self._cancelling
        return alone and isinstance(error, asyncio.CancelledError)
