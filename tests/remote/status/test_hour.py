"""The last hour from samples: what is added up, what is a gap, and what is never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from swf_remote.edge import metrics
from swf_remote.edge.history import STEP_SECONDS, STEPS
from swf_remote.status.hour import coarse, hour_of
from tests.remote.status.hours import FIRST, Counting


def test_a_step_holds_what_was_counted_in_it() -> None:
    hour = Counting().requests("hit", 5).step().requests("hit", 30).requests("miss", 10).step().hour()
    step = hour.steps[-1]
    assert step is not None
    assert (step.requests, step.rate, step.hit_ratio) == (40, 4.0, 0.75)
    assert (step.begin, step.end) == (moment(FIRST), moment(FIRST + 1))
    assert hour.known == [step], "nothing is known of the time before the first sample"


def test_hits_shared_flights_and_stale_copies_cost_the_link_nothing() -> None:
    counting = Counting().step()
    for result in ("hit", "coalesced", "stale", "miss", "bypass"):
        counting.requests(result, 1)
    assert counting.step().hour().whole.hit_ratio == pytest.approx(3 / 5)


def test_without_requests_there_is_no_ratio_and_no_percentile() -> None:
    whole = Counting().step(3).hour().whole
    assert (whole.hit_ratio, whole.first_byte(0.5), whole.look, whole.rate) == (None, None, None, 0.0)


def test_percentiles_are_of_pages_and_data_and_of_no_file() -> None:
    counting = Counting().step().requests("hit", 50, seconds=0.02).requests("miss", 50, seconds=2.0, area="data")
    whole = counting.requests("hit", 1000, seconds=0.0005, area="static").step().hour().whole
    assert whole.first_byte(0.5) == pytest.approx(0.025)
    assert 1.0 < (whole.first_byte(0.95) or 0) < 2.5
    assert whole.requests == 1100


def test_the_monitors_own_times_are_told_apart() -> None:
    counting = Counting().step()
    column = metrics.UPSTREAM.columns["page",] + 3
    counting._totals[column] += 10
    whole = counting.step().hour().whole
    assert whole.first_byte(0.5) is None
    assert 0.025 < (whole.upstream_first_byte(0.5) or 0) <= 0.05


def test_a_missing_sample_or_two_are_bridged_by_what_was_really_counted() -> None:
    hour = Counting().step().requests("hit", 60).skip(2).step().hour()
    assert [(step.requests, step.seconds) for step in hour.known] == [(60, 30.0)]


def test_a_longer_silence_is_a_gap() -> None:
    hour = Counting().step().requests("hit", 60).skip(3).step().requests("hit", 7).step().hour()
    assert [step.requests for step in hour.known] == [7]


def test_counters_that_began_anew_are_a_gap_and_no_negative_number() -> None:
    counting = Counting().requests("hit", 100).step().restart().requests("hit", 3).step().requests("hit", 2).step()
    assert [step.requests for step in counting.hour().known] == [2]


def test_the_hour_forgets_what_is_older() -> None:
    hour = Counting().step().requests("hit", 9).step().step(STEPS).hour()
    assert len(hour.steps) == STEPS
    assert hour.whole.requests == 0
    assert hour.end - hour.begin == timedelta(hours=1)


def test_samples_that_stopped_long_ago_leave_the_hour_empty_at_its_end() -> None:
    counting = Counting().step().requests("hit", 9).step()
    hour = hour_of(counting.samples, (counting.number + 30) * STEP_SECONDS)
    assert hour.last(5).seconds == 0
    assert hour.whole.requests == 9


def test_the_step_that_is_not_over_yet_is_no_gap() -> None:
    counting = Counting().step().requests("hit", 9).step()
    hour = hour_of(counting.samples, counting.number * STEP_SECONDS + 1)
    assert hour.steps[-1] is not None


def test_the_last_five_minutes_are_those() -> None:
    counting = Counting().step().requests("hit", 100).step().step(30).requests("hit", 7).step()
    assert counting.hour().last(5).requests == 7


def test_what_most_workers_hold_to_be_broken_is_broken() -> None:
    counting = Counting().step().link("tunnel").step().link("nothing").step()
    assert (counting.hour().whole.down, counting.hour().whole.unknown) == (10.0, 0.0)
    two_of_three = Counting().step().count(metrics.LINK_SEEN, "monitor").count(metrics.LINK_SEEN, "nothing").step()
    assert two_of_three.hour().whole.down == 0.0


def test_a_fault_of_the_data_is_no_broken_link() -> None:
    assert Counting().step().link("database or feed").step().hour().whole.down == 0.0


def test_before_the_first_look_nothing_is_said_of_the_link() -> None:
    assert Counting().step().link("not known").step().hour().whole.unknown == 10.0


def test_looks_have_their_mean() -> None:
    assert Counting().step().looks(2, 0.1).looks(1, 0.4).step().hour().whole.look == pytest.approx(0.2)


def test_streams_are_told_at_their_most_and_failures_in_all() -> None:
    counting = Counting().step().streams(5).count(metrics.PROBLEMS, "failed").step()
    whole = counting.streams(2).count(metrics.PROBLEMS, "refused", by=3).step().hour().whole
    assert (whole.streams, whole.failed, whole.refused) == (5, 1, 3)


def test_rows_of_five_minutes_are_newest_first_and_leave_out_what_is_not_known() -> None:
    rows = Counting().step().requests("hit", 3).step(31).requests("hit", 4).step().hour().rows(5)
    assert [row.requests for row in rows] == [4, 3] or [row.requests for row in rows] == [7]
    assert sum(row.requests for row in rows) == 7
    assert all(row.end - row.begin == timedelta(minutes=5) for row in rows)


def test_longer_steps_begin_at_fixed_times() -> None:
    counting = Counting().step()
    for _ in range(7):
        counting.requests("hit", 10).step()
        hour = coarse(counting.hour(), 3)
        assert hour.begin.second in (0, 30)
        assert len(hour.steps) == STEPS // 3
    assert sum(step.requests for step in hour.known) == 70


def moment(number: int) -> datetime:
    return datetime.fromtimestamp(number * STEP_SECONDS, UTC)
