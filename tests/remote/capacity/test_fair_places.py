"""The places of a lane among its readers: in turns, and never so many for one that others have to wait for long."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from swf_remote.proxy.capacity.bulkhead import MEMORY_SECONDS, Bulkhead
from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.failures import BusyError, CrowdedError

FLOOD, ALICE, BOB = "address 192.0.2.1", "user alice", "user bob"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Lane:
    """A lane, and who got a place in which order."""

    places: Bulkhead
    clock: Clock
    order: list[str] = field(default_factory=list)
    held: list[Claim] = field(default_factory=list)

    async def ask(self, *readers: str) -> list[asyncio.Task[None]]:
        """One question for each, put in this order; who cannot have a place yet waits."""
        tasks = [asyncio.create_task(self._enter(Claim(reader))) for reader in readers]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks

    async def support(self, claim: Claim) -> asyncio.Task[None]:
        task = asyncio.create_task(self._enter(claim))
        await asyncio.sleep(0)
        return task

    async def answer(self, count: int = 1) -> None:
        """That many questions are answered, the oldest first."""
        for _ in range(count):
            self.places.leave(self.held.pop(0))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _enter(self, claim: Claim) -> None:
        await self.places.enter(claim)
        self.held.append(claim)
        self.order.append(claim.first)


def lane(limit: int, queue: int, *, at_once: int | None, longest_wait: float = 60) -> Lane:
    clock = Clock()
    return Lane(Bulkhead(limit, queue, longest_wait, at_once=at_once, clock=clock), clock)


async def ended(tasks: list[asyncio.Task[None]]) -> list[type[BaseException]]:
    """How those ended that have."""
    return [type(task.exception()) for task in tasks if task.done() and task.exception()]


async def test_one_reader_alone_may_hold_half_of_the_places() -> None:
    of = lane(8, 32, at_once=2)
    await of.ask(*[FLOOD] * 6)
    assert (of.places.running, of.places.waiting) == (4, 2)


async def test_somebody_else_finds_a_free_place_at_once() -> None:
    of = lane(8, 400, at_once=2)
    await of.ask(*[FLOOD] * 90)
    await of.ask(ALICE)
    assert of.order == [FLOOD] * 4 + [ALICE]


async def test_while_others_ask_a_reader_holds_no_more_than_a_few() -> None:
    of = lane(8, 400, at_once=2)
    await of.ask(*[FLOOD] * 90)
    await of.ask(ALICE)
    await of.answer(4)
    assert sum(claim.holder == FLOOD for claim in of.held) == 2
    of.clock.now += MEMORY_SECONDS + 1
    await of.answer(1)
    assert sum(claim.holder == FLOOD for claim in of.held) == 4


async def test_lines_take_turns() -> None:
    of = lane(2, 400, at_once=1)
    await of.ask(FLOOD, BOB)
    await of.ask(*[FLOOD] * 5, *[ALICE] * 2, *[BOB] * 2)
    await of.answer(6)
    assert of.order[2:] == [FLOOD, ALICE, BOB, FLOOD, ALICE, BOB]


async def test_who_asks_for_what_others_want_too_waits_for_the_shorter_line() -> None:
    of = lane(4, 400, at_once=1)
    await of.ask(*[FLOOD] * 20)
    wanted = Claim(FLOOD)
    await of.support(wanted)
    assert (wanted in of.held, of.places.waiting) == (False, 19)
    wanted.also_for(BOB)
    await asyncio.sleep(0)
    assert (wanted in of.held, wanted.holder, of.places.waiting) == (True, BOB, 18)


async def test_a_shorter_line_is_no_way_past_a_full_lane() -> None:
    of = lane(2, 400, at_once=1)
    await of.ask(ALICE, FLOOD, FLOOD)
    wanted = Claim(FLOOD)
    await of.support(wanted)
    wanted.also_for(BOB)
    await asyncio.sleep(0)
    assert wanted not in of.held
    await of.answer(1)
    assert (wanted in of.held, of.places.running) == (True, 2)


async def test_one_reader_has_a_part_of_the_queue_and_is_told_so() -> None:
    of = lane(2, 8, at_once=1)
    tasks = await of.ask(*[FLOOD] * 10)
    assert (of.places.running, of.places.waiting) == (1, 2)
    assert await ended(tasks) == [CrowdedError] * 7
    assert await ended(await of.ask(*[ALICE] * 3)) == []


async def test_who_would_be_turned_away_can_be_told_without_standing_in_line() -> None:
    of = lane(2, 8, at_once=1)
    await of.ask(*[FLOOD] * 2)
    assert not of.places.turns_away(FLOOD)
    await of.ask(FLOOD)
    assert (of.places.turns_away(FLOOD), of.places.turns_away(ALICE)) == (True, False)
    await of.answer()
    assert not of.places.turns_away(FLOOD)


async def test_who_is_turned_away_counts_as_somebody_who_asks() -> None:
    of = lane(8, 8, at_once=1)
    await of.ask(*[FLOOD] * 6)
    of.clock.now += MEMORY_SECONDS + 1
    await of.ask(ALICE)
    of.clock.now += MEMORY_SECONDS - 1
    assert of.places.turns_away(FLOOD)
    await of.ask(*[ALICE] * 3)
    assert sum(claim.holder == ALICE for claim in of.held) == 1


async def test_a_full_queue_makes_room_at_the_cost_of_the_longest_line() -> None:
    of = lane(2, 8, at_once=1)
    await of.ask("0", "1")
    tasks = await of.ask(*[reader for reader in "abcd" for _ in range(2)])
    assert of.places.waiting == 8
    late = await of.ask(ALICE)
    assert await ended(late) == []
    assert await ended(tasks) == [CrowdedError]
    assert of.places.waiting == 8


async def test_a_queue_full_of_single_questions_is_simply_full() -> None:
    of = lane(2, 4, at_once=1)
    await of.ask("0", "1", "a", "b", "c", "d")
    assert await ended(await of.ask(ALICE)) == [BusyError]


async def test_who_waited_too_long_is_told_whose_fault_it_is() -> None:
    of = lane(2, 40, at_once=1, longest_wait=0)
    mine = await of.ask(ALICE, ALICE)
    other = await of.ask(BOB, FLOOD)
    await asyncio.wait([*mine[1:], other[1]])
    assert (await ended(mine), await ended(other)) == ([CrowdedError], [BusyError])
    assert of.places.waiting == 0


async def test_a_reader_who_leaves_the_line_leaves_nothing_behind() -> None:
    of = lane(2, 8, at_once=1)
    await of.ask(FLOOD)
    leaving = (await of.ask(FLOOD))[0]
    leaving.cancel()
    await asyncio.wait([leaving])
    assert (of.places.running, of.places.waiting) == (1, 0)
    await of.answer(1)
    assert of.places.running == 0
    await of.ask(FLOOD)
    assert of.places.running == 1


async def test_a_place_that_comes_as_its_taker_leaves_goes_on_to_the_next() -> None:
    of = lane(2, 8, at_once=1)
    await of.ask(FLOOD)
    first, second = await of.ask(FLOOD, FLOOD)
    of.places.leave(of.held.pop())
    first.cancel()
    await asyncio.wait([first])
    await asyncio.wait_for(second, 5)
    assert (of.places.running, of.places.waiting) == (1, 0)


async def test_without_a_bound_one_reader_may_have_it_all() -> None:
    of = lane(4, 8, at_once=None)
    tasks = await of.ask(*[FLOOD] * 13)
    assert (of.places.running, of.places.waiting) == (4, 8)
    with pytest.raises(BusyError):
        await tasks[-1]
