"""Until when a time of the week holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.engine.schedule import ScheduleError, read_schedule
from swf_remote.alarms.subscribing import read_quiet_hours

MINUTE = timedelta(minutes=1)
TEXTS = [
    "22:00-06:00", "sat-sun", "mon-fri 18:00-08:00; sat-sun", "sun 23:59-00:01", "sat", "fri-mon 00:00-24:00",
    "12:00-13:00; 12:30-14:00; 14:00-14:01", "mon 20:00-24:00; tue 00:00-07:00", "00:00-23:59",
]  # fmt: skip


def at(text: str) -> datetime:
    """A moment of the week that begins on Monday, 2026-11-23."""
    return datetime.fromisoformat(f"{text}Z")


@pytest.mark.parametrize(
    ("hours", "moment", "end"),
    [
        ("22:00-06:00", "2026-11-23T23:14:59", "2026-11-24T06:00:00"),
        ("22:00-06:00", "2026-11-24T00:00:00", "2026-11-24T06:00:00"),
        ("22:00-06:00", "2026-11-24T05:59:59", "2026-11-24T06:00:00"),
        ("22:00-06:00", "2026-11-24T06:00:00", None),
        ("22:00-06:00", "2026-11-24T21:59:59", None),
        ("fri 22:00-06:00", "2026-11-28T03:00:00", "2026-11-28T06:00:00"),
        ("fri 22:00-06:00", "2026-11-27T03:00:00", None),
        ("sat-sun", "2026-11-28T12:00:00", "2026-11-30T00:00:00"),
        ("22:00-06:00; sat-sun", "2026-11-27T22:30:00", "2026-11-30T06:00:00"),
        ("", "2026-11-28T12:00:00", None),
    ],
)
def test_hours_end_where_the_last_span_without_a_gap_ends(hours: str, moment: str, end: str | None) -> None:
    assert read_schedule(hours).until(at(moment)) == (at(end) if end else None)


@given(st.sampled_from(TEXTS), st.integers(0, 7 * 24 * 60 - 1), st.integers(0, 59))
def test_all_minutes_until_the_end_are_covered_and_the_end_is_not(text: str, minute: int, second: int) -> None:
    hours, now = read_schedule(text), at("2026-11-23T00:00:00") + minute * MINUTE + timedelta(seconds=second)
    end = hours.until(now)
    assert (end is not None) == hours.covers(now)
    if end is not None:
        assert end > now
        assert not hours.covers(end)
        assert all(hours.covers(now + step * MINUTE) for step in range((end - now) // MINUTE))


def test_hours_are_utc_whatever_zone_the_moment_is_told_in() -> None:
    chicago = timezone(timedelta(hours=-6))
    assert read_schedule("22:00-06:00").until(datetime(2026, 11, 23, 17, 0, tzinfo=chicago)) == datetime(
        2026, 11, 24, 6, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["mon-sun", "sun-sat", "00:00-12:00; 12:00-24:00", "sat-sun; mon-fri 00:00-24:00"])
def test_quiet_hours_without_an_end_are_refused_and_would_hold_nothing_back(text: str) -> None:
    with pytest.raises(ScheduleError, match="never end"):
        read_quiet_hours(text)
    assert read_schedule(text).until(at("2026-11-23T12:00:00")) is None


@pytest.mark.parametrize("text", ["nights", "25:00-06:00", "22:00-22:00", "22-06", "🌙"])
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        read_quiet_hours(text)
