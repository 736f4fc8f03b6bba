"""Ticks as bytes, mappings that share, and ticks in memory: what comes out is what went in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.inputs.codec import (
    DamagedError,
    Known,
    difference,
    read_difference,
    read_whole,
    whole,
)
from swf_remote.alarms.inputs.items import Counts, Moment, Task
from swf_remote.alarms.inputs.layered import Layered
from swf_remote.alarms.inputs.queries import InputError
from swf_remote.alarms.inputs.thinning import Window
from tests.remote.alarms.detecting.worlds import NOW, counts, task

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
_counts = st.integers(min_value=0, max_value=10**9)
_names = st.text(max_size=12)
_moments = st.integers(-(10**15), 4 * 10**15).map(lambda micros: NOW + micros * MICROSECOND)
_rates = st.none() | st.floats(0, 1)
_tasks = st.builds(
    Task,
    jeditaskid=st.integers(min_value=1, max_value=12),
    taskname=_names, status=_names, username=_names, workinggroup=_names, processingtype=_names, site=_names,
    modified=_moments, created=st.none() | _moments, started=st.none() | _moments,
    nactive=_counts, nfinished=_counts, nfailed=_counts, nrunning=_counts, nretries=_counts, nfinalfailed=_counts,
    nfilesfinished=_counts, failure_rate=_rates, final_failure_rate=_rates,
    progress=st.none() | st.integers(0, 100), has_final_rate=st.booleans(),
)  # fmt: skip
_sites = st.builds(Counts, _names, _counts, st.dictionaries(_names, _counts, max_size=3))


def by_number(tasks: list[Task]) -> Layered[int, Task]:
    return Layered({one.jeditaskid: one for one in tasks})


def by_name(found: list[Counts]) -> dict[str, Counts]:
    return {one.name: one for one in found}


_known = st.builds(
    Known,
    at=st.just(NOW),
    tasks=st.lists(_tasks, max_size=8).map(by_number),
    sites=st.lists(_sites, max_size=3).map(by_name),
    users=st.lists(_sites, max_size=3).map(by_name),
    covers_since=st.none() | _moments,
    has_tasks=st.booleans(),
    has_sites=st.booleans(),
)


@given(_known)
def test_a_whole_tick_comes_back(known: Known) -> None:
    assert same_but_layers(read_whole(NOW, whole(known)), known)


@given(st.lists(_known, min_size=1, max_size=5))
def test_a_chain_of_differences_comes_back(ticks: list[Known]) -> None:
    """Whatever changes between two ticks: counters, names, tasks, sites."""
    ticks = [replace(known, at=NOW + number * MINUTE) for number, known in enumerate(ticks)]
    written = ticks[0]
    read = read_whole(NOW, whole(written))
    for known in ticks[1:]:
        content = difference(written, known)
        read = read_difference(known.at, content, read)
        assert same_but_layers(read, known)
        written = known


def same_but_layers(one: Known, other: Known) -> bool:
    """Equal, whatever the mappings are made of."""
    plain = [
        (known.at, dict(known.tasks), dict(known.sites), dict(known.users), known.covers_since, known.has_tasks,
         known.has_sites)
        for known in (one, other)
    ]  # fmt: skip
    return plain[0] == plain[1]


def known_of(*tasks: Task, at: datetime = NOW) -> Known:
    return Known(at, by_number(list(tasks)), {"BNL": counts("BNL", running=3)}, {}, NOW, True, True)


def test_a_difference_to_something_else_is_not_read() -> None:
    first, other = known_of(task(1)), known_of(task(1), at=NOW - MINUTE)
    content = difference(first, known_of(task(2), at=NOW + MINUTE))
    with pytest.raises(DamagedError):
        read_difference(NOW + MINUTE, content, other)
    with pytest.raises(DamagedError):
        read_difference(NOW + MINUTE, content, None)


@given(st.data())
def test_bytes_that_were_changed_are_told(data: st.DataObject) -> None:
    content = bytearray(whole(known_of(task(1), task(2))))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedError):
        known = read_whole(NOW, bytes(content))
        # Some bits of the head mean nothing.
        if same_but_layers(known, known_of(task(1), task(2))):
            raise DamagedError("harmless")


def test_a_cut_row_is_told() -> None:
    content = whole(known_of(task(1)))
    for length in range(len(content)):
        with pytest.raises(DamagedError):
            read_whole(NOW, content[:length])


def test_a_task_that_did_not_change_is_the_same_object() -> None:
    first = known_of(task(1), task(2))
    changed = known_of(task(1), task(2, nfailed=11), at=NOW + MINUTE)
    read = read_difference(changed.at, difference(first, changed), first)
    assert read.tasks[1] is first.tasks[1]
    assert read_whole(changed.at, whole(changed), first).tasks[1] is first.tasks[1]


@given(
    st.dictionaries(st.integers(0, 150), st.integers(), max_size=100),
    st.lists(st.dictionaries(st.integers(0, 150), st.none() | st.integers(), max_size=60), max_size=5),
)
def test_a_layered_mapping_is_a_mapping(begin: dict[int, int], steps: list[dict[int, int | None]]) -> None:
    plain, layered = dict(begin), Layered(begin)
    for step in steps:
        before, copy = layered, dict(layered)
        layered = layered.changed(step)
        plain = {key: value for key, value in {**plain, **step}.items() if value is not None}
        assert dict(before) == copy
        assert dict(layered) == plain == dict(layered.items()) == {key: layered[key] for key in layered}
        assert len(layered) == len(plain)
        assert sorted(layered.values()) == sorted(plain.values())
        assert all((key in layered) is (key in plain) and layered.get(key) == plain.get(key) for key in range(151))


def moments(minutes: int, hours: int) -> list[Moment]:
    """A tick every so many minutes, up to now."""
    number = hours * 60 // minutes
    return [Moment(NOW - timedelta(minutes=minutes * one), {}, {}) for one in range(number, 0, -1)]


def kept(ticks: list[Moment], hours: int, reach: int = 31 * 24) -> list[float]:
    """How many hours ago the ticks were that stay."""
    window = Window(timedelta(hours=reach))
    for tick in ticks:
        window.add(tick)
    past = window.past(NOW - timedelta(hours=hours), NOW)
    return [(NOW - one.at) / timedelta(hours=1) for one in past.moments]


def test_each_tick_stays_for_three_hours_then_one_in_a_quarter_then_one_an_hour() -> None:
    found = kept(moments(5, 100), 100)
    gaps = [round((one - other) * 60) for one, other in pairwise(found)]
    near = [gap for gap, age in zip(gaps, found, strict=False) if age <= 3]
    quarters = [gap for gap, age in zip(gaps, found, strict=False) if 3.3 < age <= 47.7]
    hourly = [gap for gap, age in zip(gaps, found, strict=False) if age > 50]
    assert (set(near), set(quarters), set(hourly)) == ({5}, {15}, {60})
    assert len(found) < 300


def test_ticks_that_are_rarer_than_that_all_stay() -> None:
    assert len(kept(moments(60, 240), 240)) == 240


def test_the_tick_before_the_asked_time_is_there_too() -> None:
    assert [round(one * 60) for one in kept(moments(20, 10), 1)] == [60, 40, 20]
    assert [round(one * 60) for one in kept([*moments(20, 10)[:-3]], 1)] == [80]


def test_what_is_beyond_the_reach_is_forgotten() -> None:
    assert max(kept(moments(60, 240), 240, reach=100)) <= 101


def test_no_tick_is_no_past() -> None:
    with pytest.raises(InputError):
        Window(timedelta(hours=1)).past(NOW - MINUTE, NOW)


def test_memory_is_bounded_however_many_tasks_change(monkeypatch: Any) -> None:
    monkeypatch.setattr("swf_remote.alarms.inputs.thinning.MOST_ENTRIES", 1000)
    window = Window(timedelta(days=30))
    for tick in moments(60, 200):
        window.add(replace(tick, tasks={number: task(number) for number in range(10)}))
    found = window.past(NOW - timedelta(days=30), NOW).moments
    assert sum(len(one.tasks) for one in found) <= 1000
    assert found[-1].at == NOW - timedelta(hours=1)
