"""Tasks whose jobs fail too often: the rule of today's alarms (alarms-facts A8, present form)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.parameters import Count, Days, NotAllowed, Pattern, Share, TaskStatus
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.prepared import OncePerAnswer
from swf_remote.alarms.detecting.subjects import percent, task_labels, task_links
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Task
from swf_remote.alarms.inputs.queries import Query, Tasks

Row = tuple[str, int, float, Task]
"""Fingerprint, ended job records, rate, task; of a task that has a rate."""


class TaskFailureRatioParameters(Parameters):
    """When a task fails too often."""

    threshold: Share = Field(
        title="Threshold", description="Matches from this rate on.", json_schema_extra={"unit": "0 to 1"}
    )
    since_days: Days = Field(1, title="Since", description="Looks at tasks modified in so many days.")
    username: Pattern = Field("", title="User", description="Whose tasks; a percent sign stands for anything.")
    processingtype: Pattern = Field(
        "", title="Processing type", description="A percent sign stands for anything; __blank__ for tasks without one."
    )
    min_terminal_jobs: Count = Field(
        5, title="Ended jobs, at least", description="With fewer finished and failed jobs a rate says little."
    )
    statuses: tuple[TaskStatus, ...] = Field(
        ("running", "failed", "broken"),
        min_length=1,
        title="Task states",
        description="Tasks in other states are not looked at.",
    )
    clear_below: Share | None = Field(
        None,
        title="Clears below",
        description="What fires goes on until its rate is below this; empty: below the threshold.",
        json_schema_extra={"unit": "0 to 1"},
    )

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.clear_below is not None and self.clear_below > self.threshold:
            raise NotAllowed("clear_below", f"{self.clear_below:g} is above the threshold {self.threshold:g}")
        return self


def _by_status(tasks: tuple[Task, ...]) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for task in tasks:
        rate = task.final_failure_rate if task.has_final_rate else task.failure_rate
        if rate is not None:
            found[task.status].append((f"task:{task.jeditaskid}", task.nfailed + task.nfinished, rate, task))
    return dict(found)


_rows = OncePerAnswer(_by_status)


class TaskFailureRatio(Detector[TaskFailureRatioParameters]):
    """Final failures where the monitor tells them (files that used up their retries), else all failed job records."""

    name: ClassVar[str] = "task_failure_ratio"
    title: ClassVar[str] = "Task failure ratio"
    summary: ClassVar[str] = (
        "A task's rate of final failures is at or above the threshold. Where the monitor does not tell final failures, "
        "the rate of all failed jobs counts."
    )
    Parameters = TaskFailureRatioParameters

    def queries(self, parameters: TaskFailureRatioParameters) -> Sequence[Query[Any]]:
        """All tasks of the look-back."""
        return (Tasks(parameters.since_days),)

    def detect(self, parameters: TaskFailureRatioParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Tasks without a rate or with too few ended jobs are not covered: nobody can say that they are well."""
        by_status = _rows(answers[Tasks(parameters.since_days)])
        user, kind = matcher(parameters.username), matcher(parameters.processingtype)
        floor, limit = parameters.min_terminal_jobs, parameters.threshold
        lower = limit if parameters.clear_below is None else parameters.clear_below
        any_task = not parameters.username and not parameters.processingtype
        covered: set[str] = set()
        matches: list[Match] = []
        for status in dict.fromkeys(parameters.statuses):
            for fingerprint, ended, rate, task in by_status.get(status, ()):
                if ended < floor or not (any_task or (user(task.username) and kind(task.processingtype))):
                    continue
                covered.add(fingerprint)
                if rate >= lower and (rate >= limit or fingerprint in firing):
                    matches.append(_match(task, rate, fingerprint, parameters))
        return Finding(matches, covered)


def _match(task: Task, rate: float, fingerprint: str, parameters: TaskFailureRatioParameters) -> Match:
    kind = "final-failure" if task.has_final_rate else "all-failures"
    figure = f"{rate * 100:.1f}%"
    return Match(
        fingerprint=fingerprint,
        subject=f"task {task.jeditaskid} ({task.status}) {kind} rate {figure} - {task.taskname}",
        metric=f"{percent(rate)} ≥ {percent(parameters.threshold)}"
        if rate >= parameters.threshold
        else f"{percent(rate)} < {percent(parameters.threshold)}, not yet cleared",
        detail=_detail(task, figure, kind, parameters),
        labels=task_labels(task),
        values=_values(task, figure, parameters),
        links=task_links(task, parameters.since_days),
    )


def _detail(task: Task, figure: str, kind: str, parameters: TaskFailureRatioParameters) -> str:
    lines = [
        f"Task:       {task.jeditaskid} {task.taskname}",
        f"Status:     {task.status}",
        f"Owner:      {task.username or 'unknown'}",
        f"Site:       {task.site or 'any'}",
        f"Rate:       {figure} ({kind}), threshold {percent(parameters.threshold)}",
        f"Jobs:       {task.nactive} active, {task.nfinished} finished, {task.nfailed} failed, {task.nretries} retries",
        f"Files:      {task.nfilesfinished} finished, {task.nfinalfailed} finally failed",
        f"Looks back: {parameters.since_days} d",
    ]
    if not task.has_final_rate:
        lines.append("The monitor does not tell final failures: failed jobs that were tried again count, too.")
    return "\n".join(lines)


def _values(task: Task, figure: str, parameters: TaskFailureRatioParameters) -> dict[str, Any]:
    """The names of today's events' data."""
    return {
        "metric": figure,
        "rate_kind": "final-failure" if task.has_final_rate else "all-failures-fallback",
        "jeditaskid": task.jeditaskid,
        "taskname": task.taskname,
        "status": task.status,
        "username": task.username,
        "site": task.site,
        "computed_failurerate": task.failure_rate,
        "computed_finalfailurerate": task.final_failure_rate,
        "nactive": task.nactive,
        "nfinished": task.nfinished,
        "nfailed": task.nfailed,
        "nfinalfailed": task.nfinalfailed,
        "nfilesfinished": task.nfilesfinished,
        "nretries": task.nretries,
        "threshold": parameters.threshold,
        "since_days": parameters.since_days,
    }
