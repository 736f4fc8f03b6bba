"""Stuck and slow tasks, no activity, low throughput, campaigns: all told by the counters of earlier ticks."""

from __future__ import annotations

from typing import Any

import pytest

from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.inputs.queries import InputError
from tests.remote.alarms.detecting.worlds import (
    covers,
    detected,
    hours_ago,
    moment,
    named,
    past,
    steady,
    task,
)


def test_a_task_with_active_jobs_none_of_which_ended_is_stuck() -> None:
    assert named(detected("task_stuck", {"hours": 6}, (task(1),), steady(7, [task(1)]))) == ["task:1"]


@pytest.mark.parametrize("now", [{"nfinished": 91}, {"nfailed": 11}, {"nactive": 0}, {"status": "done"},
                                 {"status": "paused"}])  # fmt: skip
def test_a_task_that_gets_on_or_has_nothing_to_do_is_not_stuck(now: dict[str, Any]) -> None:
    finding = detected("task_stuck", {"hours": 6}, (task(1, **now),), steady(7, [task(1)]))
    assert named(finding) == []
    assert covers(finding, "task:1")


def test_a_task_that_got_on_within_the_hours_is_not_stuck() -> None:
    history = past(*(moment(hour, [task(1, nfinished=90 if hour < 3 else 80)]) for hour in range(1, 8)))
    assert named(detected("task_stuck", {"hours": 6}, (task(1),), history)) == []


def test_a_task_without_active_jobs_in_between_is_not_stuck() -> None:
    history = past(*(moment(hour, [task(1, nactive=0 if hour == 3 else 50)]) for hour in range(1, 8)))
    assert named(detected("task_stuck", {"hours": 6}, (task(1),), history)) == []


def test_a_young_task_is_not_stuck_yet() -> None:
    finding = detected("task_stuck", {"hours": 6}, (task(1, created=hours_ago(2)),), steady(7, [task(2)]))
    assert named(finding) == []
    assert covers(finding, "task:1")


@pytest.mark.parametrize(("ended", "found"), [(19, []), (20, ["task:1"])])
def test_a_task_whose_first_jobs_still_run_is_not_stuck_if_so_asked(ended: int, found: list[str]) -> None:
    tasks = (task(1, nfinished=ended, nfailed=0),)
    assert named(detected("task_stuck", {"hours": 6, "min_ended_before": 20}, tasks, steady(7, tasks))) == found


def test_a_task_that_no_earlier_tick_knows_is_not_judged() -> None:
    finding = detected("task_stuck", {"hours": 6}, (task(1),), steady(7, [task(2)]))
    assert named(finding) == []
    assert not covers(finding, "task:1")


def test_a_stuck_task_that_rests_so_long_that_ticks_no_longer_list_it_is_not_cured() -> None:
    resting = (task(1, modified=hours_ago(30)),)
    assert named(detected("task_stuck", {"hours": 6}, resting, steady(7, []), firing=["task:1"])) == ["task:1"]


def test_a_gap_in_the_counters_cannot_be_judged() -> None:
    with pytest.raises(InputError, match="no counters are kept of the 6 h after"):
        detected("task_stuck", {"hours": 6}, (task(1),), past(moment(20, [task(1)]), moment(1, [task(1)])))


SLOW = {"hours": 2, "compare_hours": 10, "share": 0.25, "min_earlier_per_hour": 5, "min_active": 20}


def slowed(per_hour: int, **figures: Any) -> tuple[Any, Any]:
    """A task that ended 10 jobs an hour, and for two hours `per_hour`."""
    history = past(*(moment(hour, [task(1, nfinished=100 + 10 * (12 - hour), nfailed=0)]) for hour in range(2, 13)),
                   moment(1, [task(1, nfinished=200 + per_hour, nfailed=0)]))  # fmt: skip
    return (task(1, nfinished=200 + 2 * per_hour, nfailed=0, **figures),), history


def test_a_task_below_the_share_of_its_own_rate_is_slow() -> None:
    finding = detected("task_slow", SLOW, *slowed(2))
    assert named(finding) == ["task:1"]
    assert finding.matches[0].values == {"per_hour": 2.0, "earlier_per_hour": 10.0, "nactive": 50}


def test_a_task_at_the_share_is_not_slow_but_goes_on_if_it_was() -> None:
    limits = SLOW | {"share": 0.3, "clear_above": 0.6}
    assert named(detected("task_slow", limits, *slowed(3))) == []
    assert named(detected("task_slow", limits, *slowed(3), firing=["task:1"])) == ["task:1"]
    assert named(detected("task_slow", limits, *slowed(6), firing=["task:1"])) == []


def test_a_task_that_comes_to_its_end_is_not_slow() -> None:
    finding = detected("task_slow", SLOW, *slowed(0, nactive=19))
    assert named(finding) == []
    assert not covers(finding, "task:1")


def test_a_task_whose_own_rate_is_not_known_is_not_judged() -> None:
    history = past(moment(12), *(moment(hour, [task(1)]) for hour in range(1, 4)))
    assert detected("task_slow", SLOW, (task(1),), history).covered == frozenset()


def test_nothing_finished_though_jobs_are_active() -> None:
    finding = detected("no_activity", {"hours": 3}, (task(1), task(2, nactive=0)), steady(4, [task(1), task(2)]))
    assert named(finding) == ["no-activity:finished"]
    assert finding.matches[0].values["active"] == 50


def test_failed_jobs_are_no_activity_and_one_finished_job_is() -> None:
    history = steady(4, [task(1)])
    assert named(detected("no_activity", {"hours": 3}, (task(1, nfailed=99),), history)) == ["no-activity:finished"]
    finding = detected("no_activity", {"hours": 3}, (task(1, nfinished=91),), history)
    assert named(finding) == []
    assert covers(finding, "no-activity:finished")


def test_without_active_jobs_nothing_has_to_finish() -> None:
    idle = (task(1, nactive=0),)
    assert detected("no_activity", {"hours": 3}, idle, steady(4, idle)).covered == frozenset()


def test_only_chosen_tasks_count_as_activity() -> None:
    history = steady(4, [task(1), task(2, site="JLAB")])
    now = (task(1), task(2, site="JLAB", nfinished=500))
    (match,) = detected("no_activity", {"hours": 3, "site": "BNL_OSG_1"}, now, history).matches
    assert match.labels == {"site": "BNL_OSG_1"}


def test_nobody_submitted_a_task() -> None:
    rule = {"hours": 12, "what": "submitted"}
    assert named(detected("no_activity", rule, (task(1, created=hours_ago(13)),))) == ["no-activity:submitted"]
    assert named(detected("no_activity", rule, (task(1, created=hours_ago(11)), task(2)))) == []
    assert named(detected("no_activity", rule, ())) == ["no-activity:submitted"]


def test_fewer_jobs_finished_than_a_fixed_number() -> None:
    history = steady(7, [task(1, nfinished=0)])
    assert named(detected("throughput_low", {"at_least": 90}, (task(1, nfinished=90),), history)) == []
    finding = detected("throughput_low", {"at_least": 90}, (task(1, nfinished=89),), history)
    assert named(finding) == ["throughput:all"]


def test_fewer_files_finished_than_a_share_of_the_days_before() -> None:
    rule = {"what": "files", "hours": 2, "share_of_past": 0.5, "past_days": 1, "by": "site"}
    history = past(*(moment(hour, [task(1, nfilesfinished=1000 - 10 * hour)]) for hour in range(2, 27)))
    (match,) = detected("throughput_low", rule, (task(1, nfilesfinished=989),), history).matches
    assert match.fingerprint == "throughput:site:BNL_OSG_1"
    assert match.values == {"finished": 9, "expected": 10, "hours": 2}
    assert named(detected("throughput_low", rule, (task(1, nfilesfinished=990),), history)) == []


def test_what_is_low_goes_on_until_the_number_is_well_reached() -> None:
    rule, history = {"at_least": 90, "clear_above": 1.2}, steady(7, [task(1, nfinished=0)])
    assert named(detected("throughput_low", rule, (task(1, nfinished=100),), history)) == []
    firing = ["throughput:all"]
    assert named(detected("throughput_low", rule, (task(1, nfinished=100),), history, firing=firing)) == firing


@pytest.mark.parametrize("parameters", [{}, {"at_least": 5, "share_of_past": 0.5}])
def test_one_expectation_is_needed(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="at_least: either a number"):
        detected("throughput_low", parameters, (), past())


GOAL = {"campaign": "26.11.0", "goal": 1000, "until": "2026-11-30", "short_hours": 2, "long_hours": 10}
"""At noon of the 29th 36 hours are left."""


def finished(now: int, short: int, long: int) -> tuple[Any, Any]:
    return (task(1, nfilesfinished=now),), past(
        moment(10, [task(1, nfilesfinished=now - long)]), moment(2, [task(1, nfilesfinished=now - short)])
    )


def test_a_campaign_too_slow_in_both_windows_is_behind() -> None:
    finding = detected("campaign_burn_rate", GOAL, *finished(640, 10, 50))
    assert named(finding) == ["campaign:26.11.0"]
    assert finding.matches[0].values == {
        "done": 640, "goal": 1000, "needed_per_hour": 10, "short_per_hour": 5, "long_per_hour": 5,
    }  # fmt: skip
    assert finding.matches[0].labels == {"campaign": "26.11.0"}


@pytest.mark.parametrize(("short", "long"), [(20, 50), (10, 100), (20, 100)])
def test_one_window_at_the_pace_that_is_needed_is_enough(short: int, long: int) -> None:
    assert named(detected("campaign_burn_rate", GOAL, *finished(640, short, long))) == []


def test_a_campaign_that_fires_has_to_reach_the_upper_pace() -> None:
    rule = GOAL | {"clear_above": 1.5}
    firing = ["campaign:26.11.0"]
    assert named(detected("campaign_burn_rate", rule, *finished(640, 25, 50), firing=firing)) == firing
    assert named(detected("campaign_burn_rate", rule, *finished(640, 30, 50), firing=firing)) == []


def test_a_reached_goal_is_well_and_a_missed_one_stays() -> None:
    assert named(detected("campaign_burn_rate", GOAL, *finished(1000, 0, 0))) == []
    late = GOAL | {"until": "2026-11-28"}
    (match,) = detected("campaign_burn_rate", late, *finished(640, 100, 500)).matches
    assert "did not reach its goal by 2026-11-28" in match.subject


def test_events_are_files_times_events_a_file_and_what_was_done_before() -> None:
    rule = GOAL | {"what": "events", "events_per_file": 100, "goal": 100_000, "done_before": 36_000}
    (match,) = detected("campaign_burn_rate", rule, *finished(280, 1, 5)).matches
    assert match.values["done"] == 64_000
    assert match.values["needed_per_hour"] == 1000
