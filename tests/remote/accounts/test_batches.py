"""Questions that wait together are answered together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from swf_remote.accounts import batches
from swf_remote.accounts.batches import Batches


class Slow:
    """Answers each key by its capitals, once it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self, keys: Sequence[str]) -> dict[str, str]:
        self.asked.append(list(keys))
        self.begun.set()
        await self.let_go.wait()
        if self.fault:
            raise self.fault
        return {key: key.upper() for key in keys}


def asking(one: Batches[str], *keys: str) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(one.ask(key)) for key in keys]


async def test_what_comes_during_a_look_up_is_put_together_in_the_next() -> None:
    slow = Slow()
    one = Batches(slow)
    first = asking(one, "a")
    await slow.begun.wait()
    later = asking(one, "b", "c", "a")
    await asyncio.sleep(0)
    slow.let_go.set()
    assert await asyncio.gather(*first, *later) == ["A", "B", "C", "A"]
    assert slow.asked == [["a"], ["b", "c", "a"]]


async def test_a_look_up_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 2)
    slow = Slow()
    slow.let_go.set()
    one = Batches(slow)
    assert await asyncio.gather(*asking(one, *"abcde")) == list("ABCDE")
    assert [len(keys) for keys in slow.asked] == [2, 2, 1]


async def test_one_who_leaves_ends_it_for_nobody_else() -> None:
    slow = Slow()
    one = Batches(slow)
    leaves, stays = asking(one, "a", "a")
    await slow.begun.wait()
    leaves.cancel()
    await asyncio.wait([leaves])
    slow.let_go.set()
    assert await stays == "A"


async def test_a_failed_look_up_is_told_to_all_who_asked_and_the_next_one_is_made() -> None:
    slow = Slow()
    slow.let_go.set()
    slow.fault = OSError("gone")
    one = Batches(slow)
    found = await asyncio.gather(*asking(one, "a", "b"), return_exceptions=True)
    assert [str(error) for error in found] == ["gone", "gone"]
    slow.fault = None
    assert await one.ask("a") == "A"
