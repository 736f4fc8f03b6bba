"""Tasks that have jobs but do not get on."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import ceil
from typing import Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.history import increments, moment_before
from swf_remote.alarms.detecting.parameters import Count, Days, Hours, Pattern
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import task_labels, task_links
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Moment, Past, Task
from swf_remote.alarms.inputs.queries import PastOf, Query, Tasks

ENDED = frozenset(("done", "finished", "failed", "aborted", "broken"))
HELD = frozenset(("paused", "exhausted"))
"""People have to act on these, or did; they are not stuck."""


class TaskStuckParameters(Parameters):
    """When a task is stuck."""

    hours: Hours = Field(6, title="For", description="No job finished or failed in so many hours.")
    min_active: int = Field(
        1, ge=1, le=1_000_000, title="Active jobs, at least", description="All the while it had so many active jobs."
    )
    min_ended_before: Count = Field(
        0,
        title="Ended before, at least",
        description="So many of its jobs had finished or failed by then: a task whose first jobs run longer than these "
        "hours is not stuck; 0: nor need it have begun.",
    )
    since_days: Days = Field(
        3, title="Since", description="Looks at tasks modified in so many days; longer than the hours, or it sees none."
    )
    username: Pattern = Field("", title="User", description="Whose tasks; a percent sign stands for anything.")
    processingtype: Pattern = Field("", title="Processing type", description="A percent sign stands for anything.")


class TaskStuck(Detector[TaskStuckParameters]):
    """Against the task's own counters of earlier ticks."""

    name: ClassVar[str] = "task_stuck"
    title: ClassVar[str] = "Task stuck"
    summary: ClassVar[str] = "A task has active jobs all the while, but none of its jobs finished or failed for hours."
    Parameters = TaskStuckParameters

    def queries(self, parameters: TaskStuckParameters) -> Sequence[Query[Any]]:
        """Tasks now and before."""
        return (Tasks(self._days(parameters)), PastOf(ceil(parameters.hours) + 1))

    @staticmethod
    def _days(parameters: TaskStuckParameters) -> int:
        return max(parameters.since_days, ceil(parameters.hours / 24))

    def detect(self, parameters: TaskStuckParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Tasks that are not known for so long are not covered."""
        tasks, past = answers[Tasks(self._days(parameters))], answers[PastOf(ceil(parameters.hours) + 1)]
        base = moment_before(past, answers.now, parameters.hours, firing)
        if base is None:
            return Finding((), frozenset())
        user, kind = matcher(parameters.username), matcher(parameters.processingtype)
        covered, matches = set(), []
        watched = (answers.now - base.at).total_seconds() / 3600
        for done in increments(tasks, past, base, now=answers.now):
            task = done.task
            if not (user(task.username) and kind(task.processingtype)):
                continue
            fingerprint, hours = f"task:{task.jeditaskid}", done.hours
            stands = done.finished == 0 and done.failed == 0
            known = hours >= min(watched, parameters.hours) or _is_young(task, base)
            if stands and not known:
                # Earlier ticks list no tasks that rest for days; one that fires and still rests is not cured.
                hours = (answers.now - task.modified).total_seconds() / 3600
                if fingerprint not in firing or hours < parameters.hours:
                    continue
            covered.add(fingerprint)
            active = not known or _was_active(task, past, base, parameters.min_active)
            if stands and active and _is_open(task, parameters):
                matches.append(_match(task, hours, self._days(parameters)))
        return Finding(matches, covered)


def _is_young(task: Task, base: Moment) -> bool:
    return task.created is not None and task.created > base.at


def _is_open(task: Task, parameters: TaskStuckParameters) -> bool:
    begun = task.nfinished + task.nfailed >= parameters.min_ended_before
    return begun and task.nactive >= parameters.min_active and task.status not in ENDED and task.status not in HELD


def _was_active(task: Task, past: Past, base: Moment, least: int) -> bool:
    """In each tick that knows the task; a task that is not known at the first one is too young."""
    if task.jeditaskid not in base.tasks:
        return False
    known = (moment.tasks.get(task.jeditaskid) for moment in past.moments if moment.at >= base.at)
    return all(one.nactive >= least for one in known if one is not None)


def _match(task: Task, hours: float, days: int) -> Match:
    return Match(
        fingerprint=f"task:{task.jeditaskid}",
        subject=f"task {task.jeditaskid} ({task.status}) has not got on for {hours:.1f} h with {task.nactive} active "
        f"jobs - {task.taskname}",
        metric=f"0 jobs ended in {hours:.1f} h",
        detail=f"Task:   {task.jeditaskid} {task.taskname}\nStatus: {task.status}\n"
        f"Owner:  {task.username or 'unknown'}\nSite:   {task.site or 'any'}\n"
        f"Jobs:   {task.nactive} active, {task.nrunning} running, {task.nfinished} finished, {task.nfailed} failed",
        labels=task_labels(task),
        values={
            "hours": round(hours, 2),
            "nactive": task.nactive,
            "nrunning": task.nrunning,
            "nfinished": task.nfinished,
            "nfailed": task.nfailed,
        },
        links=task_links(task, days),
    )
