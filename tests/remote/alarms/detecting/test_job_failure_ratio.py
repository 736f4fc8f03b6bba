"""Sites, users, groups and campaigns whose jobs fail."""

from __future__ import annotations

import pytest

from swf_remote.alarms.inputs.queries import InputError
from tests.remote.alarms.detecting.worlds import activity, counts, covers, detected, moment, named, past, task

RULE = {"threshold": 0.2, "min_ended_jobs": 10}


def test_equal_to_the_threshold_fires_and_cancelled_jobs_do_not_count() -> None:
    sites = activity([counts("A", finished=8, failed=2, cancelled=90), counts("B", finished=81, failed=20)])
    assert named(detected("job_failure_ratio", RULE, sites)) == ["site:A"]


def test_too_few_ended_jobs_say_nothing() -> None:
    finding = detected("job_failure_ratio", RULE, activity([counts("A", failed=9), counts("B", running=100)]))
    assert named(finding) == []
    assert not covers(finding, "site:A")
    assert not covers(finding, "site:B")


def test_users_are_counted_by_their_jobs() -> None:
    finding = detected("job_failure_ratio", RULE | {"by": "user"}, activity(users=[counts("bob", failed=10)]))
    assert named(finding) == ["user:bob"]
    assert finding.matches[0].labels == {"user": "bob"}
    assert finding.matches[0].links[0].path == "panda/jobs/?username=bob&status=failed&days=1"


def test_campaigns_and_groups_are_summed_over_their_tasks() -> None:
    tasks = (
        task(1, nfinished=10, nfailed=0), task(2, nfinished=0, nfailed=10),
        task(3, taskname="user.bob.test", workinggroup="", nfailed=100),
    )  # fmt: skip
    assert named(detected("job_failure_ratio", RULE | {"by": "campaign"}, tasks)) == ["campaign:26.11.0"]
    (match,) = detected("job_failure_ratio", RULE | {"by": "workinggroup"}, tasks).matches
    assert match.labels == {"workinggroup": "EIC"}
    assert match.values["rate"] == 0.5


def test_the_last_hours_are_told_from_the_counters_of_earlier_ticks() -> None:
    now = (task(1, nfinished=1000, nfailed=60), task(2, site="B", nfinished=100, nfailed=100))
    before = (task(1, nfinished=1000, nfailed=0), task(2, site="B", nfinished=50, nfailed=100))
    finding = detected("job_failure_ratio", RULE | {"last_hours": 2}, now, past(moment(2, before)))
    assert named(finding) == ["site:BNL_OSG_1"]
    assert finding.matches[0].values["failed"] == 60


def test_a_task_born_since_counts_whole_and_one_that_came_back_does_not() -> None:
    now = (task(1, created=moment(1).at, nfinished=0, nfailed=10), task(2, site="B", nfinished=0, nfailed=10))
    finding = detected("job_failure_ratio", RULE | {"last_hours": 2}, now, past(moment(2)))
    assert named(finding) == ["site:BNL_OSG_1"]


def test_before_there_are_counters_of_so_long_nothing_is_said() -> None:
    young = past(moment(0.1, [task(nfailed=0)]))
    finding = detected("job_failure_ratio", RULE | {"last_hours": 2}, (task(nfailed=1000),), young)
    assert (named(finding), finding.covered) == ([], frozenset())


def test_what_fires_is_not_ended_by_counters_that_do_not_reach_back() -> None:
    with pytest.raises(InputError, match="the kept counters begin at 2026-11-29 11:54 UTC, 2 h are needed"):
        detected("job_failure_ratio", RULE | {"last_hours": 2}, (), past(moment(0.1)), firing=["site:A"])


def test_without_any_counters_it_cannot_be_said() -> None:
    with pytest.raises(InputError, match="no counters"):
        detected("job_failure_ratio", RULE | {"last_hours": 2}, (), past())


def test_names_may_be_chosen() -> None:
    sites = activity([counts("BNL_1", failed=10), counts("JLAB", failed=10)])
    assert named(detected("job_failure_ratio", RULE | {"names": "BNL%"}, sites)) == ["site:BNL_1"]


def test_what_fires_goes_on_until_it_is_below_the_lower_limit() -> None:
    rule, sites = RULE | {"clear_below": 0.1}, activity([counts("A", finished=85, failed=15)])
    assert named(detected("job_failure_ratio", rule, sites)) == []
    assert named(detected("job_failure_ratio", rule, sites, firing=["site:A"])) == ["site:A"]
