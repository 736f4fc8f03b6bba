"""Answers for detectors, made of few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from swf_remote.alarms.detecting.contract import Finding
from swf_remote.alarms.detecting.registry import detector, read_parameters
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Activity, Counts, Moment, Past, Task
from swf_remote.alarms.inputs.queries import InputError, Query

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
NAME = "group.EIC.26.11.0.epic_craterlake.p3001.e1.s1.r1"


def hours_ago(hours: float) -> datetime:
    """A time before the present of all tests."""
    return NOW - timedelta(hours=hours)


def task(number: int = 1, **figures: Any) -> Task:
    """A running task that is well; `figures` in place of its own."""
    known: dict[str, Any] = {
        "jeditaskid": number, "taskname": NAME, "status": "running", "username": "alice", "workinggroup": "EIC",
        "processingtype": "epicproduction", "site": "BNL_OSG_1", "modified": NOW, "created": hours_ago(200),
        "started": hours_ago(199), "nactive": 50, "nfinished": 90, "nfailed": 10, "nrunning": 40, "nretries": 0,
        "nfinalfailed": 0, "nfilesfinished": 90, "failure_rate": 0.1, "final_failure_rate": 0.0, "progress": 50,
    }  # fmt: skip
    return Task(**(known | figures))


def counts(name: str, **states: int) -> Counts:
    """Jobs of a site or user by state."""
    return Counts(name, sum(states.values()), states)


def activity(sites: Iterable[Counts] = (), users: Iterable[Counts] = ()) -> Activity:
    """Jobs of some sites and users."""
    sites = tuple(sites)
    return Activity(sum(one.total for one in sites), {}, sites, tuple(users))


def moment(hours: float, tasks: Iterable[Task] = (), sites: Iterable[Counts] = ()) -> Moment:
    """The counters of the tick so many hours ago."""
    return Moment(hours_ago(hours), {one.jeditaskid: one for one in tasks}, {one.name: one for one in sites})


def past(*moments: Moment) -> Past:
    """Earlier ticks, in any order."""
    return Past(tuple(sorted(moments, key=lambda one: one.at)))


def steady(hours: int, tasks: Iterable[Task]) -> Past:
    """A tick each hour in which the tasks were as they are given here."""
    tasks = tuple(tasks)
    return past(*(moment(hour, tasks) for hour in range(1, hours + 1)))


def detected(
    name: str,
    parameters: Mapping[str, Any],
    *answers: Any,
    firing: Iterable[str] = (),
    now: datetime = NOW,
) -> Finding:
    """What a detector says when its questions, in their order, get these answers (or fail with an `InputError`)."""
    kind = detector(name)
    read = read_parameters(kind, parameters)
    found: dict[Query[Any], Any] = dict(zip(kind.queries(read), answers, strict=True))
    return kind.detect(read, Answers(now, found), frozenset(firing))


def named(finding: Finding) -> list[str]:
    """Fingerprints of what matches."""
    return [match.fingerprint for match in finding.matches]


def covers(finding: Finding, fingerprint: str) -> bool:
    """Whether it was looked at."""
    return finding.covered is None or fingerprint in finding.covered


FAILED = InputError("the monitor did not answer")
