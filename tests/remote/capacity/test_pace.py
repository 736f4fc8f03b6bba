"""The processor's time among readers: one piece of work for each in a turn of the loop, and none is lost."""

from __future__ import annotations

import asyncio

from swf_remote.proxy.capacity.lines import NOBODY, Claim
from swf_remote.proxy.capacity.pace import Pace

FLOOD, ALICE = "address 192.0.2.1", "user alice"


class Work:
    """Pieces of work that are done, by the turn of the loop in which they were."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.turns: list[list[str]] = []

    async def piece(self, claim: Claim, name: str) -> None:
        await self.pace.turn(claim)
        self.turns[-1].append(name)

    async def run(self, *tasks: asyncio.Task[None]) -> list[list[str]]:
        """What was done in each turn until all is done; turns without any work are left out."""
        while not all(task.done() for task in tasks):
            self.turns.append([])
            await asyncio.sleep(0)
        return [turn for turn in self.turns if turn]


def start(work: Work, reader: str, count: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(work.piece(Claim(reader), reader)) for _ in range(count)]


async def test_each_turn_of_the_loop_does_one_piece_of_each_reader() -> None:
    work = Work()
    done = await work.run(*start(work, FLOOD, 5), *start(work, ALICE, 2))
    assert done == [[FLOOD, ALICE], [FLOOD, ALICE], [FLOOD], [FLOOD], [FLOOD]]


async def test_what_nobody_or_more_than_one_waits_for_does_not_wait() -> None:
    work, shared = Work(), Claim(FLOOD)
    shared.also_for(ALICE)
    tasks = [asyncio.create_task(work.piece(shared, "shared")) for _ in range(3)]
    done = await work.run(*tasks, *start(work, NOBODY, 3))
    assert done == [["shared"] * 3 + [NOBODY] * 3]


async def test_who_leaves_the_line_holds_up_nobody() -> None:
    work = Work()
    first, left, *others = start(work, FLOOD, 4)
    work.turns.append([])
    await asyncio.sleep(0)
    left.cancel()
    await work.run(first, left, *others)
    assert sum(map(len, work.turns)) == 3


async def test_nothing_is_held_once_all_is_done() -> None:
    work = Work()
    await work.run(*start(work, FLOOD, 3))
    for _ in range(3):
        await asyncio.sleep(0)
    assert work.pace._lines == {}
