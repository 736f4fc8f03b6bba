"""Questions on their way to a lane: counted until they come, and forgotten if they never do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from swf_remote.proxy.capacity.announced import LIVE_SECONDS, Announced
from swf_remote.proxy.capacity.bulkhead import Bulkhead
from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.failures import CrowdedError

FLOOD, ALICE = "address 192.0.2.1", "user alice"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_announced_counts_until_it_comes() -> None:
    of = Announced(Clock())
    of.add(FLOOD)
    of.add(FLOOD)
    of.add(ALICE)
    of.came(FLOOD)
    assert (of.of(FLOOD), of.of(ALICE)) == (1, 1)
    of.came(FLOOD)
    of.came(FLOOD)
    assert (of.of(FLOOD), len(of)) == (0, 1)


def test_what_does_not_come_counts_for_a_moment_only() -> None:
    clock = Clock()
    of = Announced(clock)
    of.add(FLOOD)
    clock.now += LIVE_SECONDS / 2
    of.add(FLOOD)
    clock.now += LIVE_SECONDS / 2
    assert of.of(FLOOD) == 1
    clock.now += LIVE_SECONDS
    assert (of.of(FLOOD), len(of)) == (0, 0)


def test_readers_who_ask_no_more_are_forgotten() -> None:
    clock = Clock()
    of = Announced(clock)
    for number in range(1000):
        of.add(f"address {number}")
        clock.now += LIVE_SECONDS / 10
    assert len(of) <= 12


async def test_a_flood_that_comes_in_one_moment_is_judged_as_if_it_stood_in_line() -> None:
    places = Bulkhead(4, 8, at_once=2)
    told = [places.turns_away(FLOOD) for _ in range(10)]
    assert told == [False] * 4 + [True] * 6  # two places, and a quarter of the queue
    assert not places.turns_away(ALICE)


async def test_what_is_let_pass_is_not_turned_away_at_the_end_of_the_way() -> None:
    places = Bulkhead(4, 8, at_once=2)
    passed = 0
    for _ in range(10):
        passed += not places.turns_away(FLOOD)
    tasks = [asyncio.create_task(places.enter(Claim(FLOOD))) for _ in range(passed)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not any(task.done() and isinstance(task.exception(), CrowdedError) for task in tasks)
    assert places.turns_away(FLOOD)
    for task in tasks:
        task.cancel()
