"""The link's record: state, since when, and the incidents of a day, under a clock of the test's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from swf_remote.proxy.link import Incident, LinkRecord, Observation, Place

WELL = Observation(None, "", 12.0)
NO_TUNNEL = Observation(Place.TUNNEL, "refused")
NO_MONITOR = Observation(Place.MONITOR, "silent")
OLD_DATA = Observation(Place.DATA, "PanDA feed silent", 15.0)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def record(clock: Clock) -> LinkRecord:
    return LinkRecord(clock=clock)


def test_before_the_first_look_nothing_is_claimed(record: LinkRecord, clock: Clock) -> None:
    state = record.state()
    assert (state.up, state.probed, state.since, state.last_good) == (False, False, None, None)
    assert state.started == clock.now


def test_a_good_look_means_up_since_then(record: LinkRecord, clock: Clock) -> None:
    record.note(WELL)
    began = clock.now
    clock.passes(seconds=30)
    record.note(WELL)
    state = record.state()
    assert (state.up, state.broken_at, state.since, state.last_good) == (True, None, began, clock.now)


def test_a_break_names_its_place_and_its_begin_and_keeps_the_last_good_time(record: LinkRecord, clock: Clock) -> None:
    record.note(WELL)
    good = clock.now
    broke = clock.passes(seconds=5)
    record.note(NO_TUNNEL)
    clock.passes(seconds=5)
    record.note(NO_TUNNEL)
    state = record.state()
    assert (state.up, state.broken_at, state.since, state.last_good) == (False, "tunnel", broke, good)


def test_old_data_is_a_fault_of_a_link_that_is_up(record: LinkRecord) -> None:
    record.note(OLD_DATA)
    state = record.state()
    assert (state.up, state.broken_at, state.reason) == (True, "database or feed", "PanDA feed silent")


def test_an_incident_is_open_until_all_is_well(record: LinkRecord, clock: Clock) -> None:
    record.note(NO_TUNNEL)
    began = clock.now
    assert record.state().incidents == (Incident(Place.TUNNEL, "refused", began),)
    ended = clock.passes(minutes=2)
    record.note(WELL)
    assert record.state().incidents == (Incident(Place.TUNNEL, "refused", began, ended),)


def test_a_fault_that_moves_is_two_incidents_newest_first(record: LinkRecord, clock: Clock) -> None:
    record.note(NO_TUNNEL)
    began = clock.now
    moved = clock.passes(seconds=10)
    record.note(NO_MONITOR)
    assert record.state().incidents == (
        Incident(Place.MONITOR, "silent", moved),
        Incident(Place.TUNNEL, "refused", began, moved),
    )


def test_incidents_are_forgotten_a_day_after_they_ended(record: LinkRecord, clock: Clock) -> None:
    record.note(NO_TUNNEL)
    clock.passes(minutes=1)
    record.note(WELL)
    clock.passes(hours=23, minutes=59)
    assert len(record.state().incidents) == 1
    clock.passes(minutes=2)
    assert record.state().incidents == ()


def test_a_break_that_lasts_longer_than_a_day_is_still_listed(record: LinkRecord, clock: Clock) -> None:
    record.note(NO_TUNNEL)
    clock.passes(days=3)
    assert len(record.state().incidents) == 1


def test_a_flapping_link_keeps_a_bounded_memory(record: LinkRecord, clock: Clock) -> None:
    for _ in range(1000):
        record.note(NO_TUNNEL)
        clock.passes(seconds=1)
        record.note(WELL)
        clock.passes(seconds=1)
    assert len(record.state().incidents) <= 200
    assert len(record.state().latencies) <= 60


def test_the_last_latencies_are_kept_in_order(record: LinkRecord) -> None:
    for latency in (10.0, 20.0):
        record.note(Observation(None, "", latency))
    record.note(NO_MONITOR)
    assert (record.state().latencies, record.state().latency_ms) == ((10.0, 20.0), None)
