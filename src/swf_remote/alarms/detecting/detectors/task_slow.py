"""Tasks that got much slower than they were."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from math import ceil
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.history import Increment, earlier_increments, increments, moment_before
from swf_remote.alarms.detecting.parameters import Days, Hours, NotAllowed, Pattern, Share
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import percent, task_labels, task_links
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import PastOf, Query, Tasks

LEAST_WATCHED = 0.5
"""A task has to be known for this part of the earlier time for its rate to be compared."""


class TaskSlowParameters(Parameters):
    """When a task is slow."""

    hours: Hours = Field(3, title="In the last", description="Its rate of ended jobs in so many hours …")
    compare_hours: Hours = Field(24, title="Against the", description="… against its rate in so many hours before.")
    share: Share = Field(
        0.25,
        title="Below",
        description="Matches below this part of its earlier rate.",
        json_schema_extra={"unit": "0 to 1"},
    )
    clear_above: Share | None = Field(
        None,
        title="Clears from",
        description="What fires goes on until this part is reached again; empty: as for matching.",
        json_schema_extra={"unit": "0 to 1"},
    )
    min_earlier_per_hour: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = Field(
        5,
        title="Earlier rate, at least",
        description="Slower tasks are not compared.",
        json_schema_extra={"unit": "jobs/h"},
    )
    min_active: int = Field(
        20, ge=1, le=1_000_000, title="Active jobs, at least", description="A task that comes to its end may be slow."
    )
    since_days: Days = Field(1, title="Since", description="Looks at tasks modified in so many days.")
    username: Pattern = Field("", title="User", description="Whose tasks; a percent sign stands for anything.")
    processingtype: Pattern = Field("", title="Processing type", description="A percent sign stands for anything.")

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.clear_above is not None and self.clear_above < self.share:
            raise NotAllowed("clear_above", f"{self.clear_above:g} is below the share {self.share:g}")
        if self.hours + self.compare_hours > 30 * 24:
            raise NotAllowed("compare_hours", f"both together are more than the {30 * 24} h that counters are kept")
        return self

    @property
    def days(self) -> int:
        """How far back tasks are asked for."""
        return max(self.since_days, ceil(self.hours / 24))

    @property
    def past(self) -> PastOf:
        """The counters of both stretches."""
        return PastOf(ceil(self.hours + self.compare_hours) + 1)


class TaskSlow(Detector[TaskSlowParameters]):
    """Against the task's own counters of earlier ticks."""

    name: ClassVar[str] = "task_slow"
    title: ClassVar[str] = "Task slow"
    summary: ClassVar[str] = "A task with enough active jobs ends them at a small part of the rate that it had before."
    Parameters = TaskSlowParameters

    def queries(self, parameters: TaskSlowParameters) -> Sequence[Query[Any]]:
        """Tasks now and before."""
        return (Tasks(parameters.days), parameters.past)

    def detect(self, parameters: TaskSlowParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Only tasks whose earlier rate is known are covered.

        The rate that counts as earlier of a task that fires moves on, so that a task that stays slow ends as "no longer
        looked at" when its own past is as slow.
        """
        tasks, past = answers[Tasks(parameters.days)], answers[parameters.past]
        base = moment_before(past, answers.now, parameters.hours, firing)
        if base is None:
            return Finding((), frozenset())
        begin = base.at - timedelta(hours=parameters.compare_hours)
        before = earlier_increments(past, begin=begin, end=base.at)
        user, kind = matcher(parameters.username), matcher(parameters.processingtype)
        upper = parameters.share if parameters.clear_above is None else parameters.clear_above
        covered, matches = set(), []
        for done in increments(tasks, past, base, now=answers.now):
            earlier = before.get(done.task.jeditaskid)
            if earlier is None or not (user(done.task.username) and kind(done.task.processingtype)):
                continue
            rates = _rates(done, earlier, parameters)
            if rates is None:
                continue
            fingerprint = f"task:{done.task.jeditaskid}"
            covered.add(fingerprint)
            if rates[0] < rates[1] * (upper if fingerprint in firing else parameters.share):
                matches.append(_match(done, *rates, parameters))
        return Finding(matches, covered)


def _rates(now: Increment, before: Increment, parameters: TaskSlowParameters) -> tuple[float, float] | None:
    """Ended jobs an hour, now and before; None if they cannot be compared."""
    if now.task.nactive < parameters.min_active or now.hours < parameters.hours * LEAST_WATCHED:
        return None
    if before.hours < parameters.compare_hours * LEAST_WATCHED:
        return None
    earlier = before.ended / before.hours
    return (now.ended / now.hours, earlier) if earlier >= parameters.min_earlier_per_hour else None


def _match(done: Increment, rate: float, earlier: float, parameters: TaskSlowParameters) -> Match:
    task = done.task
    return Match(
        fingerprint=f"task:{task.jeditaskid}",
        subject=f"task {task.jeditaskid} ({task.status}) ends {rate:.1f} jobs/h, before {earlier:.1f} - "
        f"{task.taskname}",
        metric=f"{percent(rate / earlier)} of its earlier rate, limit {percent(parameters.share)}",
        detail=f"Task:   {task.jeditaskid} {task.taskname}\nOwner:  {task.username or 'unknown'}\n"
        f"Site:   {task.site or 'any'}\nNow:    {rate:.2f} jobs/h in {done.hours:.1f} h\n"
        f"Before: {earlier:.2f} jobs/h in {parameters.compare_hours:g} h\nJobs:   {task.nactive} active",
        labels=task_labels(task),
        values={"per_hour": round(rate, 3), "earlier_per_hour": round(earlier, 3), "nactive": task.nactive},
        links=task_links(task, parameters.days),
    )
