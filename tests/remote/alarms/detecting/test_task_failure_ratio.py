"""Today's rule, exactly."""

from __future__ import annotations

from typing import Any

import pytest

from swf_remote.alarms.inputs.items import Task
from swf_remote.alarms.inputs.queries import InputError
from tests.remote.alarms.detecting.worlds import FAILED, covers, detected, named, task


def fires(*tasks: Task, firing: tuple[str, ...] = (), **parameters: Any) -> list[str]:
    return named(detected("task_failure_ratio", {"threshold": 0.05, **parameters}, tasks, firing=firing))


def test_equal_to_the_threshold_fires() -> None:
    assert fires(task(7, final_failure_rate=0.05)) == ["task:7"]
    assert fires(task(7, final_failure_rate=0.0499)) == []


def test_final_failures_count_and_not_all_failures() -> None:
    assert fires(task(failure_rate=0.9, final_failure_rate=0.01)) == []


def test_all_failures_count_where_the_monitor_does_not_tell_final_ones() -> None:
    finding = detected(
        "task_failure_ratio", {"threshold": 0.05},
        (task(failure_rate=0.2, final_failure_rate=None, has_final_rate=False),),
    )  # fmt: skip
    (match,) = finding.matches
    assert match.values["rate_kind"] == "all-failures-fallback"
    assert "all-failures rate 20.0%" in match.subject


def test_a_task_without_a_rate_is_neither_ill_nor_well() -> None:
    finding = detected("task_failure_ratio", {"threshold": 0.05}, (task(3, failure_rate=0.9, final_failure_rate=None),))
    assert named(finding) == []
    assert not covers(finding, "task:3")


def test_finished_and_failed_jobs_have_to_reach_the_floor() -> None:
    ill = {"final_failure_rate": 1.0}
    assert fires(task(nfinished=1, nfailed=4, **ill)) == ["task:1"]
    assert fires(task(nfinished=0, nfailed=4, **ill)) == []
    assert fires(task(nfinished=0, nfailed=4, **ill), min_terminal_jobs=4) == ["task:1"]


def test_only_the_states_of_the_list_are_looked_at() -> None:
    tasks = [task(number, status=status, final_failure_rate=1.0) for number, status in enumerate(
        ("running", "failed", "broken", "done", "finished", "paused")
    )]  # fmt: skip
    assert fires(*tasks) == ["task:0", "task:1", "task:2"]
    assert fires(*tasks, statuses=["paused", "done"]) == ["task:5", "task:3"]


def test_a_task_in_another_state_is_no_longer_looked_at() -> None:
    finding = detected("task_failure_ratio", {"threshold": 0.05}, (task(1), task(2, status="done")))
    assert covers(finding, "task:1")
    assert not covers(finding, "task:2")


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [("alice", ["task:1"]), ("ali%", ["task:1", "task:2"]), ("%e%", ["task:1", "task:2"]), ("Alice", []),
     ("ali_e%", ["task:1"]), ("ali_e", []), ("", ["task:1", "task:2", "task:3"])],
)  # fmt: skip
def test_a_percent_sign_in_the_user_stands_for_anything(pattern: str, chosen: list[str]) -> None:
    users = ("alice", "alison e", "bob")
    tasks = [task(number, username=user, final_failure_rate=1.0) for number, user in enumerate(users, 1)]
    assert fires(*tasks, username=pattern) == chosen


def test_tasks_without_a_processing_type_are_selected_by_blank() -> None:
    tasks = [task(1, processingtype="", final_failure_rate=1.0), task(2, final_failure_rate=1.0)]
    assert fires(*tasks, processingtype="__blank__") == ["task:1"]


def test_what_fires_goes_on_until_it_is_below_the_lower_limit() -> None:
    limits = {"threshold": 0.1, "clear_below": 0.06}
    assert fires(task(final_failure_rate=0.08), **limits) == []
    assert fires(task(final_failure_rate=0.08), firing=("task:1",), **limits) == ["task:1"]
    assert fires(task(final_failure_rate=0.06), firing=("task:1",), **limits) == ["task:1"]
    assert fires(task(final_failure_rate=0.059), firing=("task:1",), **limits) == []


def test_subject_and_data_are_todays() -> None:
    (match,) = detected(
        "task_failure_ratio", {"threshold": 0.05}, (task(4711, final_failure_rate=0.1236, taskname="some.name"),)
    ).matches
    assert match.subject == "task 4711 (running) final-failure rate 12.4% - some.name"
    assert match.metric == "12.4 % ≥ 5 %"
    assert set(match.values) == {
        "metric", "rate_kind", "jeditaskid", "taskname", "status", "username", "site", "computed_failurerate",
        "computed_finalfailurerate", "nactive", "nfinished", "nfailed", "nfinalfailed", "nfilesfinished", "nretries",
        "threshold", "since_days",
    }  # fmt: skip
    assert match.links[0].path == "panda/tasks/4711/"
    assert match.links[1].path == "panda/jobs/?taskid=4711&status=failed&days=1"


def test_labels_tell_the_campaign_of_the_task_name() -> None:
    (match,) = detected("task_failure_ratio", {"threshold": 0.05}, (task(9, final_failure_rate=1.0, site=""),)).matches
    assert match.labels == {
        "task": "9", "taskname": "group.EIC.26.11.0.epic_craterlake.p3001.e1.s1.r1", "status": "running",
        "user": "alice", "workinggroup": "EIC", "campaign": "26.11.0", "processingtype": "epicproduction",
    }  # fmt: skip


def test_a_question_that_failed_is_passed_on() -> None:
    with pytest.raises(InputError):
        detected("task_failure_ratio", {"threshold": 0.05}, FAILED)
