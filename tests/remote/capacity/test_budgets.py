"""What one reader may ask: the rule, the memory it is kept in, and how an operator writes it."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path

import pytest

from swf_remote.proxy.capacity.budgets import UNBOUNDED, Budgets, Rate, read_budgets
from swf_remote.proxy.capacity.meter import SLOTS, Meter
from swf_remote.proxy.policy.rows import Spending

SECRET = b"known to the workers of this host alone"
RATE = Rate(per_second=2, burst=5)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def meter(clock: Clock, place: Path | None = None) -> Meter:
    return Meter(SECRET, place=place, clock=clock)


def put(to: Meter, times: int, reader: str = "alice", spending: Spending = Spending.MISSES) -> list[float]:
    return [to.charge(reader, spending, RATE) for _ in range(times)]


def test_a_burst_passes_and_the_next_question_has_to_wait() -> None:
    assert put(meter(Clock()), 6) == [0, 0, 0, 0, 0, 0.5]


def test_asking_how_long_to_wait_takes_nothing() -> None:
    clock = Clock()
    of = meter(clock)
    assert [of.wait("alice", Spending.MISSES, RATE) for _ in range(9)] == [0] * 9
    assert put(of, 5) == [0] * 5
    assert [of.wait("alice", Spending.MISSES, RATE) for _ in range(9)] == [0.5] * 9
    clock.now += 0.5
    assert (of.wait("alice", Spending.MISSES, RATE), of.wait("bob", Spending.MISSES, RATE)) == (0, 0)


def test_what_was_used_up_comes_back_at_its_rate() -> None:
    clock = Clock()
    used = meter(clock)
    put(used, 5)
    clock.now += 1.0
    assert put(used, 3) == [0, 0, 0.5]
    clock.now += 3600
    assert put(used, 6)[4:] == [0, 0.5]


def test_after_the_time_that_was_told_the_question_passes() -> None:
    clock = Clock()
    used = meter(clock)
    wait = put(used, 6)[-1]
    clock.now += wait
    assert put(used, 2) == [0, 0.5]


def test_a_refused_question_costs_nothing() -> None:
    clock = Clock()
    used = meter(clock)
    put(used, 500)
    clock.now += 0.5
    assert put(used, 1) == [0]


def test_readers_and_budgets_leave_each_other_alone() -> None:
    used = meter(Clock())
    put(used, 6)
    assert put(used, 1, "bob") == [0]
    assert put(used, 1, spending=Spending.LOGS) == [0]


def test_readers_beyond_the_number_of_places_hardly_ever_meet() -> None:
    used = meter(Clock())
    for number in range(SLOTS // 16):
        put(used, 5, f"flood {number}")
    met = sum(put(used, 1, f"reader {number}") != [0] for number in range(200))
    assert met < 20


def test_nobody_outside_can_know_whose_place_is_whose() -> None:
    places = Meter(SECRET)._slots("alice")
    assert places == Meter(SECRET)._slots("alice")
    assert places != Meter(b"another start")._slots("alice")


def test_the_workers_of_a_host_share_a_budget(tmp_path: Path) -> None:
    """Really other processes, which find it by the folder alone."""
    spawned = multiprocessing.get_context("spawn")
    with spawned.Pool(2) as pool:
        told = pool.starmap(_spent_elsewhere, [(tmp_path, 2), (tmp_path, 2)])
    assert told == [[0, 0], [0, 0]]
    assert put(meter(Clock(), tmp_path), 2) == [0, 0.5]


def _spent_elsewhere(place: Path, times: int) -> list[float]:
    return put(meter(Clock(), place), times)


def test_a_clock_that_began_anew_locks_nobody_out(tmp_path: Path) -> None:
    """A folder may outlive the host's start, from which the clock counts."""
    put(meter(Clock(1_000_000.0), tmp_path), 6)
    assert put(meter(Clock(10.0), tmp_path), 6) == [0, 0, 0, 0, 0, 0.5]


# ----- as an operator writes them


def test_nothing_written_means_the_usual() -> None:
    usual = read_budgets("")
    assert usual == Budgets()
    assert set(usual.rates) == set(Spending)
    assert usual.streams
    assert usual.at_once


def test_what_is_written_replaces_that_part_of_the_usual() -> None:
    read = read_budgets("misses 60/s burst 2000, refreshes 6/min burst 3,logs off, writes 0, streams 50, at_once off")
    assert (read.rates[Spending.MISSES], read.rates[Spending.REFRESHES]) == (Rate(60, 2000), Rate(0.1, 3))
    assert read.rates[Spending.FILES] == Budgets().rates[Spending.FILES]
    assert not {Spending.LOGS, Spending.WRITES} & set(read.rates)
    assert (read.streams, read.at_once) == (50, None)


def test_all_of_them_can_be_switched_off() -> None:
    assert read_budgets("off") == UNBOUNDED
    assert not UNBOUNDED.bounds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pages 1/s burst 2", "known budgets are misses, files, refreshes, logs, writes, streams, at_once"),
        ("misses 30", "give a rate such as 30/s burst 1000"),
        ("misses 0/s burst 5", "give a rate"),
        ("misses 5/s burst 0", "give a rate"),
        ("misses -1/s burst 5", "give a rate"),
        ("misses", "give a rate"),
        ("streams many", "give a number"),
        ("logs 1/s burst 5; writes off", "give a rate"),
    ],
)
def test_a_wrong_budget_is_told_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_budgets(text)
