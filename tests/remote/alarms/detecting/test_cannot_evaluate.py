"""Alarms that could not look are told, once a cause."""

from __future__ import annotations

from swf_remote.alarms.detecting.contract import Finding
from swf_remote.alarms.inputs.items import Failure
from tests.remote.alarms.detecting.worlds import covers, detected, named

QUESTION = "tasks of 1 day"


def failure(alarm: str, query: str = QUESTION) -> Failure:
    return Failure(alarm, alarm.title(), "HTTP 502\nbad gateway", query)


def told(*failures: Failure, firing: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Finding:
    return detected("cannot_evaluate", {"ignore": ignore}, failures, firing=firing)


def test_one_alarm_is_told_by_its_name() -> None:
    (match,) = told(failure("a")).matches
    assert match.fingerprint == "cannot-evaluate:a"
    assert match.subject == "alarm a cannot be evaluated: HTTP 502"


def test_alarms_that_wait_for_the_same_question_are_one() -> None:
    finding = told(failure("a"), failure("b"), failure("c", "activity of 1 day"), failure("d", ""), failure("e", ""))
    assert sorted(named(finding)) == [
        "cannot-evaluate:c", "cannot-evaluate:d", "cannot-evaluate:e", f"cannot-evaluate:{QUESTION}"
    ]  # fmt: skip
    assert finding.matches[0].values["alarms"] == ["a", "b"]


def test_nothing_failed_and_what_fired_is_cured() -> None:
    finding = told(firing=("cannot-evaluate:a",))
    assert named(finding) == []
    assert covers(finding, "cannot-evaluate:a")


def test_an_alarm_that_is_now_told_with_others_is_not_cured() -> None:
    finding = told(failure("a"), failure("b"), firing=("cannot-evaluate:a",))
    assert named(finding) == [f"cannot-evaluate:{QUESTION}"]
    assert not covers(finding, "cannot-evaluate:a")


def test_a_question_that_fires_stays_one_event_while_one_alarm_is_left() -> None:
    finding = told(failure("a"), firing=(f"cannot-evaluate:{QUESTION}",))
    assert named(finding) == [f"cannot-evaluate:{QUESTION}"]


def test_alarms_of_no_interest_are_left_out() -> None:
    assert named(told(failure("a"), failure("b"), ignore=("a",))) == ["cannot-evaluate:b"]
