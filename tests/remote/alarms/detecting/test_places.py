"""Queues, errors, long jobs, the link and its data."""

from __future__ import annotations

from typing import Any

import pytest

from swf_remote.alarms.inputs.items import ErrorPattern, Job, LinkWord, Queue
from swf_remote.alarms.inputs.queries import InputError
from tests.remote.alarms.detecting.worlds import (
    FAILED,
    activity,
    counts,
    covers,
    detected,
    hours_ago,
    moment,
    named,
    past,
)

RAN = past(moment(5, sites=[counts("A", running=20)]), moment(1, sites=[counts("A", running=0, activated=9)]))


def test_a_site_that_ran_jobs_and_runs_none_while_jobs_wait_is_idle() -> None:
    finding = detected("queue_idle", {}, activity([counts("A", activated=30, finished=100)]), RAN)
    assert named(finding) == ["site:A"]
    assert finding.matches[0].values == {"running": 0, "waiting": 30, "ran": 20}


def test_a_queues_page_is_linked_whatever_its_name_is() -> None:
    history = past(moment(1, sites=[counts("A/B?#", running=20)]))
    (match,) = detected("queue_idle", {}, activity([counts("A/B?#", activated=30)]), history).matches
    assert match.links[0].path == "panda/queues/A%2FB%3F%23/"


@pytest.mark.parametrize("states", [{"running": 1, "activated": 30}, {"finished": 100}])
def test_a_site_that_runs_jobs_or_for_which_none_wait_is_not_idle(states: dict[str, int]) -> None:
    finding = detected("queue_idle", {}, activity([counts("A", **states)]), RAN)
    assert named(finding) == []
    assert covers(finding, "site:A")


def test_a_site_that_never_ran_enough_is_not_idle() -> None:
    assert named(detected("queue_idle", {"min_ran": 21}, activity([counts("A", activated=30)]), RAN)) == []
    assert named(detected("queue_idle", {}, activity([counts("B", activated=30)]), RAN)) == []


def test_an_idle_site_whose_jobs_went_away_is_not_cured() -> None:
    finding = detected("queue_idle", {}, activity([counts("A", finished=3)]), RAN, firing=["site:A"])
    assert named(finding) == []
    assert not covers(finding, "site:A")


def test_a_planned_downtime_is_quiet() -> None:
    queues = (Queue("A", "offline", 0, 30, 0, 0, None),)
    rule = {"quiet_states": ["offline", "test"]}
    finding = detected("queue_idle", rule, activity([counts("A", activated=30)]), RAN, queues)
    assert (named(finding), covers(finding, "site:A")) == ([], False)


def test_without_the_states_of_queues_a_downtime_cannot_be_told() -> None:
    with pytest.raises(InputError):
        detected("queue_idle", {"quiet_states": ["offline"]}, activity(), RAN, FAILED)


def test_a_queue_that_is_off_while_jobs_wait_is_down() -> None:
    queues = (
        Queue("A", "offline", 0, 3, 0, 0, None), Queue("B", "offline", 0, 0, 0, 0, None),
        Queue("C", "online", 5, 3, 0, 0, None), Queue("D", "brokeroff", 1, 1, 0, 0, None),
    )  # fmt: skip
    assert named(detected("queue_down", {}, queues)) == ["site:A", "site:D"]
    assert named(detected("queue_down", {}, queues, firing=["site:B"])) == ["site:A", "site:B", "site:D"]
    assert named(detected("queue_down", {"min_waiting": 0, "states": ["offline"]}, queues)) == ["site:A", "site:B"]


def error(count: int, first: float | None = 100, text: str = "lost", source: str = "pilot") -> ErrorPattern:
    seen = hours_ago(first) if first is not None else None
    return ErrorPattern(source, 1305, text, count, 1, ("A",), ("bob",), seen, hours_ago(0))


def test_an_error_first_seen_within_the_hours_is_new() -> None:
    (match,) = detected("error_new_or_rising", {}, (error(20, 5),), (error(20, 5),)).matches
    assert match.fingerprint == "error:pilot:1305"
    assert match.values["kind"] == "new"
    assert match.labels == {"component": "pilot", "code": "1305", "site": "A"}
    assert named(detected("error_new_or_rising", {}, (error(19, 5),), (error(19, 5),))) == []


def test_an_error_many_times_more_often_than_before_rises() -> None:
    assert named(detected("error_new_or_rising", {}, (error(30),), (error(90),))) == ["error:pilot:1305"]
    assert named(detected("error_new_or_rising", {}, (error(29),), (error(89 + 29),))) == []
    assert named(detected("error_new_or_rising", {"growth": None}, (error(30),), (error(90),))) == []


def test_texts_with_the_same_code_are_one_error_unless_told_apart() -> None:
    today = (error(15, 5, "one"), error(15, 5, "two"))
    assert named(detected("error_new_or_rising", {}, today, today)) == ["error:pilot:1305"]
    assert named(detected("error_new_or_rising", {"each_text": True}, today, today)) == []
    apart = named(detected("error_new_or_rising", {"each_text": True, "min_jobs": 15}, today, today))
    assert len(set(apart)) == 2


def test_an_error_that_was_there_before_in_other_words_is_not_new() -> None:
    assert named(detected("error_new_or_rising", {}, (error(20, 5),), (error(20, 5), error(200, 150, "old")))) == []


def test_a_new_error_is_not_cured_by_growing_old() -> None:
    lists: tuple[Any, Any] = ((error(20, 7),), (error(30, 7),))
    assert named(detected("error_new_or_rising", {}, *lists, firing=["error:pilot:1305"])) == ["error:pilot:1305"]
    ended: tuple[Any, Any] = ((error(19, 30),), (error(60, 30),))
    assert named(detected("error_new_or_rising", {}, *ended, firing=["error:pilot:1305"])) == []


def test_what_a_full_list_may_hide_is_not_called_new_or_rising() -> None:
    full = tuple(error(25, text=str(number), source="ddm") for number in range(200))
    assert named(detected("error_new_or_rising", {"component": "pilot"}, (error(40, None),), full)) == []


def test_rare_texts_that_a_full_list_shows_of_one_day_only_are_not_called_rising() -> None:
    today = tuple(error(1, text=f"of today {number}") for number in range(40))
    others = tuple(error(2, text=str(number), source="ddm") for number in range(158))
    listed = (error(6, text="of both days"), *today, *others)
    two_days = {"compare_days": 2}
    assert named(detected("error_new_or_rising", two_days, today, listed)) == ["error:pilot:1305"]
    assert named(detected("error_new_or_rising", two_days, today, (*listed, error(1, text="last", source="ddm")))) == []


def test_a_frequent_text_rises_in_a_full_list_too() -> None:
    listed = (error(50), *(error(2, text=str(number), source="ddm") for number in range(199)))
    assert named(detected("error_new_or_rising", {"compare_days": 2}, (error(40),), listed)) == ["error:pilot:1305"]


def job(number: int, hours: float | None, task: int | None = 1, site: str = "A", user: str = "bob") -> Job:
    started = hours_ago(hours) if hours is not None else None
    return Job(number, task, "running", site, user, started, started, None, None, 1)


def test_long_running_jobs_are_told_by_task() -> None:
    jobs = (*(job(number, 50, task=1 + number % 2) for number in range(500)), job(900, 47), job(901, None))
    finding = detected("long_running_jobs", {}, jobs)
    assert sorted(named(finding)) == ["long-running:task:1", "long-running:task:2"]
    assert finding.matches[0].values["jobs"] == 250
    assert len(finding.matches[0].detail.splitlines()) == 21
    assert finding.matches[0].labels == {"task": "1", "site": "A", "user": "bob"}


def test_long_running_jobs_are_told_by_site_or_user() -> None:
    jobs = (job(1, 50, site="A", user="x"), job(2, 60, site="B", user="x"), job(3, 60, task=None, site="B"))
    assert sorted(named(detected("long_running_jobs", {"by": "site"}, jobs))) == [
        "long-running:site:A", "long-running:site:B"
    ]  # fmt: skip
    assert named(detected("long_running_jobs", {"by": "site", "min_jobs": 2}, jobs)) == ["long-running:site:B"]
    assert named(detected("long_running_jobs", {"by": "user", "site": "A"}, jobs)) == ["long-running:user:x"]


def test_a_list_that_is_cut_hides_the_oldest_jobs() -> None:
    with pytest.raises(InputError, match="more than 20000 jobs run"):
        detected("long_running_jobs", {}, tuple(job(number, 1) for number in range(20_000)))


def test_the_link_is_down_for_long_enough() -> None:
    down = LinkWord(False, hours_ago(0.5), "tunnel", None)
    assert named(detected("link_down", {}, down)) == ["link"]
    assert named(detected("link_down", {"minutes": 30}, down)) == ["link"]
    assert named(detected("link_down", {"minutes": 31}, down)) == []
    assert named(detected("link_down", {"minutes": 31}, down, firing=["link"])) == ["link"]
    assert named(detected("link_down", {"minutes": 31}, LinkWord(False, None, "", None))) == ["link"]
    assert named(detected("link_down", {}, LinkWord(True, hours_ago(1), "", None), firing=["link"])) == []


def test_data_older_than_the_limit_is_stale() -> None:
    old = LinkWord(True, None, "", hours_ago(0.25))
    assert named(detected("data_stale", {"minutes": 15}, old)) == []
    assert named(detected("data_stale", {"minutes": 14}, old)) == ["data"]
    assert named(detected("data_stale", {"minutes": 20, "clear_below": 10}, old, firing=["data"])) == ["data"]


def test_a_monitor_that_does_not_tell_the_time_of_its_data_cannot_be_judged() -> None:
    with pytest.raises(InputError, match="does not tell the time"):
        detected("data_stale", {}, LinkWord(True, None, "", None))
