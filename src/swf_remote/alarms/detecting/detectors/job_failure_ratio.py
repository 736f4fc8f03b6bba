"""Sites, users, groups or campaigns whose jobs fail too often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import ceil
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.history import GROUPS, Sum, increments, moment_before, summed
from swf_remote.alarms.detecting.parameters import Count, Days, Hours, NotAllowed, Pattern, Share
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.prepared import OncePerAnswer
from swf_remote.alarms.detecting.subjects import group_label, group_links, percent
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Counts, Task
from swf_remote.alarms.inputs.queries import ActivityOf, PastOf, Query, Tasks


class JobFailureRatioParameters(Parameters):
    """Whose jobs, and when they fail too often."""

    by: Literal["site", "user", "workinggroup", "campaign"] = Field(
        "site", title="Of each", description="What jobs are counted by; campaigns are read from task names."
    )
    threshold: Share = Field(
        0.2, title="Threshold", description="Matches from this rate on.", json_schema_extra={"unit": "0 to 1"}
    )
    clear_below: Share | None = Field(
        None,
        title="Clears below",
        description="What fires goes on until its rate is below this; empty: below the threshold.",
        json_schema_extra={"unit": "0 to 1"},
    )
    since_days: Days = Field(1, title="Since", description="Counts jobs of so many days.")
    last_hours: Hours | None = Field(
        None,
        title="Only the last",
        description="Counts only what ended in so many hours, from the task counters of earlier ticks, so that a "
        "sudden fault is not hidden by a good day; empty: all of the days.",
        json_schema_extra={"unit": "hours"},
    )
    min_ended_jobs: Count = Field(
        50, title="Ended jobs, at least", description="With fewer finished and failed jobs a rate says little."
    )
    names: Pattern = Field("", title="Only these", description="Names; a percent sign stands for anything.")

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.clear_below is not None and self.clear_below > self.threshold:
            raise NotAllowed("clear_below", f"{self.clear_below:g} is above the threshold {self.threshold:g}")
        return self

    @property
    def days(self) -> int:
        """How far back tasks are asked for."""
        return max(self.since_days, ceil((self.last_hours or 0) / 24))


def _summed_tasks(tasks: tuple[Task, ...], *, by: str) -> dict[str, Sum]:
    group, sums = GROUPS[by], dict[str, Sum]()
    for task in tasks:
        if name := group(task):
            total = sums.setdefault(name, Sum())
            total.finished += task.nfinished
            total.failed += task.nfailed
    return sums


_of_tasks = OncePerAnswer(_summed_tasks, most=16)


def _of_counts(counts: Sequence[Counts]) -> dict[str, Sum]:
    return {one.name: Sum(one.of("finished"), one.of("failed")) for one in counts if one.name}


class JobFailureRatio(Detector[JobFailureRatioParameters]):
    """Failed of finished and failed job records; cancelled and closed ones do not count (contract 4.8)."""

    name: ClassVar[str] = "job_failure_ratio"
    title: ClassVar[str] = "Job failure ratio"
    summary: ClassVar[str] = (
        "Of the jobs that ended at a site (or of a user, group or campaign) too large a part failed."
    )
    Parameters = JobFailureRatioParameters

    def queries(self, parameters: JobFailureRatioParameters) -> Sequence[Query[Any]]:
        """Activity by site and user; tasks for the rest, and for a number of hours."""
        if parameters.last_hours is not None:
            return (Tasks(parameters.days), PastOf(ceil(parameters.last_hours) + 1))
        if parameters.by in ("site", "user"):
            return (ActivityOf(parameters.since_days),)
        return (Tasks(parameters.since_days),)

    def detect(self, parameters: JobFailureRatioParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Those with too few ended jobs are not covered."""
        sums = self._sums(parameters, answers, firing)
        if sums is None:
            return Finding((), frozenset())
        chosen = matcher(parameters.names)
        lower = parameters.threshold if parameters.clear_below is None else parameters.clear_below
        covered, matches = set(), []
        for name, total in sums.items():
            if total.ended == 0 or total.ended < parameters.min_ended_jobs or not chosen(name):
                continue
            fingerprint = f"{parameters.by}:{name}"
            covered.add(fingerprint)
            rate = total.failed / total.ended
            if rate >= (lower if fingerprint in firing else parameters.threshold):
                matches.append(_match(name, total, rate, parameters))
        return Finding(matches, covered)

    def _sums(
        self, parameters: JobFailureRatioParameters, answers: Answers, firing: AbstractSet[str]
    ) -> Mapping[str, Sum] | None:
        if parameters.last_hours is not None:
            tasks, past = (answers[Tasks(parameters.days)], answers[PastOf(ceil(parameters.last_hours) + 1)])
            base = moment_before(past, answers.now, parameters.last_hours, firing)
            return None if base is None else summed(increments(tasks, past, base, now=answers.now), parameters.by)
        if parameters.by in ("site", "user"):
            activity = answers[ActivityOf(parameters.since_days)]
            return _of_counts(activity.by_site if parameters.by == "site" else activity.by_user)
        return _of_tasks(answers[Tasks(parameters.since_days)], by=parameters.by)


def _match(name: str, total: Sum, rate: float, parameters: JobFailureRatioParameters) -> Match:
    within = f"{parameters.since_days} d" if parameters.last_hours is None else f"{parameters.last_hours:g} h"
    sign = "≥" if rate >= parameters.threshold else "<"
    return Match(
        fingerprint=f"{parameters.by}:{name}",
        subject=f"{parameters.by} {name}: {percent(rate)} of {total.ended} jobs failed in {within}",
        metric=f"{percent(rate)} {sign} {percent(parameters.threshold)}",
        detail=f"Jobs:      {total.finished} finished, {total.failed} failed in the last {within}\n"
        f"Rate:      {percent(rate)}, threshold {percent(parameters.threshold)}",
        labels=group_label(parameters.by, name),
        values={"rate": rate, "finished": total.finished, "failed": total.failed, "threshold": parameters.threshold},
        links=group_links(parameters.by, name, parameters.days, "failed"),
    )
