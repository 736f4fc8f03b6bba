"""Who is on duty when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.models import Team
from swf_remote.alarms.routing.people_now import duty_of, people_at
from swf_remote.alarms.routing.rotation import Duty, RotationError, on_duty, read_begin

BEGINS = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
THREE = ("anna", "bob", "carol")
MOMENT = timedelta(microseconds=1)


def on(day: float, members: tuple[str, ...] = THREE, days: int = 7) -> Duty:
    """Who has duty so many days after the begin."""
    found = on_duty(members, days, BEGINS, BEGINS + day * DAY)
    assert found is not None
    return found


def test_each_has_so_many_days_in_the_order_of_the_members_and_after_the_last_comes_the_first() -> None:
    assert [on(day).now for day in (0, 6.9, 7, 13.9, 14, 20.9, 21, 28)] == [
        "anna", "anna", "bob", "bob", "carol", "carol", "anna", "bob",
    ]  # fmt: skip


def test_it_says_until_when_and_who_comes_then() -> None:
    assert on(15) == Duty("carol", BEGINS + 21 * DAY, "anna")


def test_before_the_begin_the_first_is_on_duty_until_the_end_of_the_first_turn() -> None:
    assert on(-100) == on(-0.1) == on(0) == Duty("anna", BEGINS + 7 * DAY, "bob")


def test_who_is_alone_is_always_on_duty() -> None:
    assert on(9, ("anna",)) == Duty("anna", BEGINS + 14 * DAY, "anna")


@pytest.mark.parametrize(("members", "days"), [((), 7), (THREE, 0)])
def test_without_members_or_days_nobody_is(members: tuple[str, ...], days: int) -> None:
    assert on_duty(members, days, BEGINS, BEGINS) is None


@given(st.integers(1, 9), st.integers(1, 366), st.timedeltas(-1000 * DAY, 10000 * DAY))
def test_duty_lasts_until_the_moment_that_it_says_and_then_the_next_has_it(
    number: int, days: int, passed: timedelta
) -> None:
    members = tuple(map(str, range(number)))
    found = on_duty(members, days, BEGINS, BEGINS + passed)
    assert found is not None
    before, after = (on_duty(members, days, BEGINS, at) for at in (found.until - MOMENT, found.until))
    assert before == found
    assert after is not None
    assert after.now == found.next
    assert found.until > BEGINS + passed


@pytest.mark.parametrize(
    "text",
    ["2026-11-30 08:00", "2026-11-30T08:00", "2026-11-30T08:00:00Z", "2026-11-30 09:00+01:00", " 2026-11-30 08:00 "],
)
def test_a_begin_is_read_as_utc_if_it_names_no_zone(text: str) -> None:
    assert read_begin(text) == BEGINS


@pytest.mark.parametrize("text", ["", "monday", "2026-13-01 08:00", "9999-12-31 23:00", "0001-01-01 00:00+14:00", "8"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(RotationError, match="such as 2026-11-30 08:00"):
        read_begin(text)


def team(**fields: object) -> Team:
    """A team of two, a week each; not saved."""
    known = {"name": "@ops", "members": "anna@lab.example, nonsense\nbob@lab.example", "rotation_days": 7}
    return Team(**{**known, "rotation_begins": "2026-11-30 08:00"} | fields)


@pytest.mark.parametrize(
    ("day", "address"), [(0, "anna@lab.example"), (7, "bob@lab.example"), (14, "anna@lab.example")]
)
def test_recipients_are_those_of_the_moment_and_members_without_an_address_have_no_turn(day: int, address: str) -> None:
    found = people_at("zoe@lab.example @ops/oncall", BEGINS + day * DAY, [team()])
    assert found.addresses == ("zoe@lab.example", address)
    assert (found.teams, found.warnings) == (("@ops/oncall",), ())


@pytest.mark.parametrize("fields", [{"rotation_days": 0}, {"rotation_begins": "monday"}, {"members": "nonsense"}])
def test_a_team_that_cannot_rotate_has_nobody_on_duty_and_that_is_told(fields: dict[str, object]) -> None:
    assert duty_of(team(**fields), BEGINS) is None
    found = people_at("@ops/oncall", BEGINS, [team(**fields)])
    assert found.addresses == ()
    assert found.warnings == ("@ops/oncall: nobody is on duty; the team has no rotation",)
