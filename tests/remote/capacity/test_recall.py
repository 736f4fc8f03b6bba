"""A wait that is ended from outside: by whom it was ended is never mistaken."""

from __future__ import annotations

import asyncio

import pytest

from swf_remote.proxy.capacity.recall import Recall


class Waiter:
    """A task that waits for ever, and tells whether it was called back."""

    def __init__(self) -> None:
        self.recall: Recall | None = None
        self.task = asyncio.ensure_future(self._wait())

    async def _wait(self) -> str:
        self.recall = Recall()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError as error:
            if not self.recall.ended(error):
                raise
            await asyncio.sleep(0)
            return "called back"
        return "came to its end"

    async def begun(self) -> Recall:
        await asyncio.sleep(0)
        assert self.recall is not None
        return self.recall


async def test_who_is_called_back_goes_on_behind_the_wait() -> None:
    waiter = Waiter()
    (await waiter.begun()).end()
    assert await waiter.task == "called back"
    assert waiter.task.cancelling() == 0


async def test_being_called_twice_is_being_called_once() -> None:
    waiter = Waiter()
    recall = await waiter.begun()
    recall.end()
    recall.end()
    assert await waiter.task == "called back"


@pytest.mark.parametrize("first", ["call", "cancel"])
async def test_who_is_cancelled_as_well_is_cancelled(first: str) -> None:
    waiter = Waiter()
    recall = await waiter.begun()
    steps = [recall.end, waiter.task.cancel]
    for step in steps if first == "call" else reversed(steps):
        step()
    with pytest.raises(asyncio.CancelledError):
        await waiter.task


async def test_who_is_cancelled_alone_is_not_taken_for_called_back() -> None:
    waiter = Waiter()
    await waiter.begun()
    waiter.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter.task


async def test_when_the_wait_is_over_the_call_comes_too_late() -> None:
    recall = Recall()
    recall.over()
    recall.end()
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
