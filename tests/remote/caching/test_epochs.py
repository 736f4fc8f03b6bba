"""A write ends what was asked for before it, in all processes of the host at once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.caching.epochs import Epochs, area_of

TARGET, AREA = "/swf-monitor/pcs/tags/1/", "pcs"


def test_a_write_ends_its_target_and_its_area_and_leaves_others() -> None:
    epochs = Epochs()
    target, same_area, other = (
        epochs.mark(TARGET, AREA),
        epochs.mark("/swf-monitor/pcs/", AREA),
        epochs.mark("/swf-monitor/panda/", "panda"),
    )
    epochs.written([TARGET], [AREA])
    assert [epochs.holds(mark) for mark in (target, same_area, other)] == [False, False, True]
    assert not epochs.quiet(other)
    assert epochs.holds(epochs.mark(TARGET, AREA))


def test_a_target_alone_can_be_ended() -> None:
    epochs = Epochs()
    target, neighbour = epochs.mark(TARGET, AREA), epochs.mark("/swf-monitor/pcs/", AREA)
    epochs.move([TARGET])
    assert [epochs.holds(target), epochs.holds(neighbour), epochs.quiet(neighbour)] == [False, True, True]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_no_number_comes_again_even_if_the_clock_stands_still(ticks: list[int]) -> None:
    times = iter(ticks)
    epochs = Epochs(clock=lambda: next(times))
    marks = [epochs.mark(TARGET, AREA)]
    for _ in ticks:
        epochs.move([TARGET])
        marks.append(epochs.mark(TARGET, AREA))
    assert len({mark.numbers for mark in marks}) == len(marks)
    assert [epochs.holds(mark) for mark in marks] == [False] * len(ticks) + [True]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_another_process_sees_the_write_at_once() -> None:
    epochs = Epochs()
    mark = epochs.mark(TARGET, AREA)
    writer = multiprocessing.get_context("fork").Process(target=epochs.written, args=([TARGET], [AREA]))
    writer.start()
    writer.join(10)
    assert writer.exitcode == 0
    assert not epochs.holds(mark)


def test_an_area_is_a_part_of_the_monitor_by_whatever_door() -> None:
    targets = ("/swf-monitor/panda/jobs/?a=1", "/swf-monitor/api/panda/tasks/", "/swf-monitor/", "/swf-monitor/api/")
    assert [area_of(target, "/swf-monitor") for target in targets] == ["panda", "panda", "", "api"]


def test_processes_that_share_a_folder_learn_of_each_others_writes(tmp_path: Path) -> None:
    here, elsewhere = Epochs(place=tmp_path), Epochs(place=tmp_path)
    mark = here.mark("/swf-monitor/panda/", "panda")
    elsewhere.written(["/swf-monitor/panda/"], [])
    assert not here.holds(mark)
