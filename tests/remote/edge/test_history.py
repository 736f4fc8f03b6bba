"""The hour's samples in shared memory, and the pulse that takes them."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from swf_remote.edge import history as history_module
from swf_remote.edge import metrics
from swf_remote.edge.figures import table
from swf_remote.edge.history import STEPS, History
from swf_remote.edge.pulse import Pulse
from swf_remote.edge.shared_memory import FOLDER
from swf_remote.proxy.capacity.breaker import BreakerState
from swf_remote.proxy.capacity.client import LaneState
from swf_remote.proxy.link import LinkRecord, Observation, Place, utc_now

NUMBER = 180_000_000


def numbers(history: History, until: int) -> list[int]:
    return [sample.number for sample in history.until(until)]


def test_samples_come_back_as_they_were_kept() -> None:
    history = History(3, 1, None)
    history.add(NUMBER, [1.0, 2.5, 3.0])
    [sample] = history.until(NUMBER)
    assert list(sample.totals) == [1.0, 2.5, 3.0]


def test_the_first_sample_of_a_step_stays() -> None:
    history = History(1, 1, None)
    history.add(NUMBER, [1.0])
    history.add(NUMBER, [2.0])
    assert list(history.until(NUMBER)[0].totals) == [1.0]


def test_the_hour_is_bounded_and_forgets_the_oldest() -> None:
    history = History(1, 1, None)
    for number in range(NUMBER, NUMBER + 2 * STEPS):
        history.add(number, [1.0])
    last = NUMBER + 2 * STEPS - 1
    assert numbers(history, last) == list(range(last - STEPS, last + 1))


def test_steps_that_nobody_saw_are_missing_and_not_those_of_an_earlier_round() -> None:
    history = History(1, 1, None)
    for number in (NUMBER, NUMBER + 400, NUMBER + 403):
        history.add(number, [1.0])
    assert numbers(history, NUMBER + 404) == [NUMBER + 400, NUMBER + 403]


def test_a_sample_of_a_clock_that_was_wrong_is_not_shown() -> None:
    history = History(1, 1, None)
    history.add(NUMBER + 5, [1.0])
    assert numbers(history, NUMBER) == []


def test_two_processes_share_the_samples_of_one_folder(tmp_path: Path) -> None:
    program = (
        "from swf_remote.edge import metrics; from swf_remote.edge.history import history; "
        f"history().add({NUMBER}, [7.0] * 9000)"
    )
    environment = os.environ | {FOLDER: str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    history = History(history_module.LAYOUT.width, history_module.LAYOUT.mark(), tmp_path)
    assert numbers(history, NUMBER) == [NUMBER]


# ----- the pulse


class Clock:
    def __init__(self) -> None:
        self.now = NUMBER * 10.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    found = History(history_module.LAYOUT.width, 1, None)
    monkeypatch.setattr("swf_remote.edge.pulse.history", lambda: found)
    return found


def lane(state: BreakerState) -> LaneState:
    return LaneState("page", state, datetime.now(UTC), 3, 1, 80, None, None, None)


def pulse(clock: Clock, record: LinkRecord, state: BreakerState = BreakerState.CLOSED) -> Pulse:
    return Pulse(lanes=lambda: [lane(state)], kept_in_memory=lambda: (1000, 2), link=record.state, clock=clock)


def test_a_beat_tells_of_the_worker_its_lanes_its_memory_and_its_link(history: History) -> None:
    record = LinkRecord(clock=utc_now)
    record.note(Observation(Place.TUNNEL, "down"))
    pulse(Clock(), record, BreakerState.OPEN).beat()
    row = table().row
    assert row[metrics.LANE_RUNNING.columns["page",]] == 3
    assert row[metrics.BREAKERS.columns["page", "open"]] == 1
    assert row[metrics.BREAKERS.columns["page", "closed"]] == 0
    assert row[metrics.CACHE_BYTES.columns[()]] == 1000
    assert row[metrics.WORKER_PID.columns[()]] == os.getpid()
    assert row[metrics.WORKER_MEMORY.columns[()]] > 1_000_000
    assert row[metrics.LINK_SEEN.columns["tunnel",]] == 1
    assert row[metrics.LINK_SEEN.columns["nothing",]] == 0


def test_there_is_one_sample_for_ten_seconds_however_many_beats(history: History) -> None:
    clock = Clock()
    beating = pulse(clock, LinkRecord(clock=utc_now))
    for _ in range(12):
        beating.beat()
        clock.now += 2
    assert numbers(history, NUMBER + 3) == [NUMBER, NUMBER + 1, NUMBER + 2]


def test_looks_at_the_link_are_counted_with_their_time() -> None:
    first, sum_at = metrics.LOOKS.columns[()], len(metrics.SECONDS) + 1
    before = table().totals()
    metrics.link_looked_at(Observation(None, "", 80.0))
    metrics.link_looked_at(Observation(Place.TUNNEL, "down"))
    after = table().totals()
    assert sum(after[first : first + sum_at]) - sum(before[first : first + sum_at]) == 1
    assert after[first + sum_at] - before[first + sum_at] == pytest.approx(0.08)
