"""The rules by which a fault is said to have become visible in the tables.

A fault counts as visible from the first step at which its rule below holds; from then on an alarm has its two ticks.
The rules are deliberately plain and strict: on a calm day none of them holds for anybody. Detectors need not use them,
and may be earlier.

============================  ======================================================================================
``site-failure-ratio``        20 or more jobs of the site ended in the last hour, at least two thirds failed
``user-failure-ratio``        the same of a user
``campaign-failure-ratio``    the same of a campaign (software release)
``error-rising``              20 or more jobs, of two or more tasks, failed in the last hour with this component and
                              code, five times as many as in a mean hour of the day before
``task-failure-ratio``        5 or more jobs of the task finished or failed, and of its inputs that are through at least
                              5 % failed for good; the task is running, failed or broken, and changed within a day
``task-stuck``                the task has been running for four hours, 40 or more of its jobs wait or run, 20 or more
                              ended in the three hours before the last one, and none in the last hour
``site-idle``                 the queue is online; no job started there for half an hour, 60 or more did in the three
                              hours before that, and 20 or more wait for longer than a usual job did (median of a day)
============================  ======================================================================================

"Ended" is finished or failed; cancelled and closed jobs are people's and the system's own doing. Two thirds, because of
the jobs of a task that has just begun those that fail end first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from statistics import median
from typing import Final

from swf_testbed.simulation.scenarios.seen import ENDED, Seen, SeenJob

_ALARMED: Final = frozenset({"running", "failed", "broken"})
_HOUR: Final = timedelta(hours=1)


def found(seen: Seen) -> dict[str, frozenset[str]]:
    """The subjects for which each kind's rule holds."""
    return {kind: frozenset(rule(seen)) for kind, rule in RULES.items()}


def _failing(kind: str) -> Callable[[Seen], Iterable[str]]:
    def rule(seen: Seen) -> Iterable[str]:
        ended, failed = Counter[str](), Counter[str]()
        for job in seen.ended(1):
            subject = job.subjects()[kind]
            ended[subject] += 1
            failed[subject] += job.state == "failed"
        return [subject for subject, count in ended.items() if count >= 20 and failed[subject] * 3 >= count * 2]

    return rule


def _errors(jobs: Iterable[SeenJob]) -> Counter[str]:
    return Counter(error for job in jobs for error in job.errors)


def _rising(seen: Seen) -> Iterable[str]:
    recent = seen.ended(1)
    before, tasks = _errors(seen.ended(25, 1)), defaultdict[str, set[int]](set)
    for job in recent:
        for error in job.errors:
            tasks[error].add(job.task.id)
    return [
        error
        for error, count in _errors(recent).items()
        if count >= 20 and len(tasks[error]) >= 2 and count * 24 >= 5 * before[error]
    ]


def _failing_tasks(seen: Seen) -> Iterable[str]:
    rows = Counter(job.task.id for job in seen.jobs if job.state in ENDED)
    return [
        f"task:{task.id}"
        for task in seen.tasks
        if task.status in _ALARMED
        and task.modified >= seen.now - 24 * _HOUR
        and rows[task.id] >= 5
        and task.failed * 20 >= task.failed + task.finished > 0
    ]


def _stuck(seen: Seen) -> Iterable[str]:
    live = Counter(job.task.id for job in seen.jobs if job.is_live)
    before = Counter(job.task.id for job in seen.ended(4, 1))
    moving = {job.task.id for job in seen.ended(1)}
    return [
        f"task:{task.id}"
        for task in seen.tasks
        if task.status == "running"
        and task.since <= seen.now - 4 * _HOUR
        and live[task.id] >= 40
        and before[task.id] >= 20
        and task.id not in moving
    ]


def _idle(seen: Seen) -> Iterable[str]:
    starts, busy = Counter[str](), set[str]()
    waits, waiting = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for job in seen.jobs:
        if job.started is None:
            if job.state == "activated":
                waiting[job.site].append((seen.now - job.created).total_seconds())
        elif job.started > seen.now - _HOUR / 2:
            busy.add(job.site)
        else:
            waits[job.site].append((job.started - job.created).total_seconds())
            starts[job.site] += job.started > seen.now - 3.5 * _HOUR
    return [
        f"site:{site}"
        for site in seen.online - busy
        if starts[site] >= 60 and sum(wait > median(waits[site]) for wait in waiting[site]) >= 20
    ]


RULES: Final[dict[str, Callable[[Seen], Iterable[str]]]] = {
    "site-failure-ratio": _failing("site"),
    "user-failure-ratio": _failing("user"),
    "campaign-failure-ratio": _failing("campaign"),
    "error-rising": _rising,
    "task-failure-ratio": _failing_tasks,
    "task-stuck": _stuck,
    "site-idle": _idle,
}
