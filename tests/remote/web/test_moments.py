"""Times and durations in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from swf_remote.web.moments import ago, clock, duration, iso, stamp

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (183600, "2 d 3 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: int, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


def test_a_moment_is_told_relative_to_now() -> None:
    assert ago(NOON, NOON + timedelta(minutes=12)) == "12 min ago"
    assert ago(NOON, NOON) == "just now"


def test_a_moment_that_lies_ahead_is_now() -> None:
    assert ago(NOON, NOON - timedelta(hours=1)) == "just now"


def test_absolute_times_name_their_zone_and_are_utc() -> None:
    eastern = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert [stamp(eastern), clock(eastern), iso(eastern)] == [
        "2026-11-23 12:00 UTC",
        "12:00:05 UTC",
        "2026-11-23T12:00:05Z",
    ]
