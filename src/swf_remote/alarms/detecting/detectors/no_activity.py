"""Nothing finishes though jobs are there, or nobody submits anything."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from math import ceil
from typing import Any, ClassVar, Literal

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match
from swf_remote.alarms.detecting.history import increments, moment_before
from swf_remote.alarms.detecting.parameters import Hours
from swf_remote.alarms.detecting.subjects import page
from swf_remote.alarms.detecting.task_choice import TaskChoice
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import PastOf, Query, Tasks


class NoActivityParameters(TaskChoice):
    """What is missing, for how long, and among which tasks."""

    what: Literal["finished", "submitted"] = Field(
        "finished", title="Nothing", description="No job finished though jobs are active, or no task submitted."
    )
    hours: Hours = Field(6, title="For", description="So many hours.")
    min_active: int = Field(
        1, ge=1, le=1_000_000, title="Active jobs, at least",
        description="With fewer, nothing has to finish. Means nothing for submitted tasks.",
    )  # fmt: skip

    @property
    def tasks(self) -> Tasks:
        """The tasks that can have been active or submitted in these hours."""
        return Tasks(max(1, ceil(self.hours / 24)))

    @property
    def past(self) -> PastOf:
        """The counters of these hours."""
        return PastOf(ceil(self.hours) + 1)


class NoActivity(Detector[NoActivityParameters]):
    """Over all chosen tasks together."""

    name: ClassVar[str] = "no_activity"
    title: ClassVar[str] = "No activity"
    summary: ClassVar[str] = "No job finished for hours though jobs are active, or no task was submitted for hours."
    Parameters = NoActivityParameters

    def queries(self, parameters: NoActivityParameters) -> Sequence[Query[Any]]:
        """Tasks; for finished jobs also their past."""
        if parameters.what == "submitted":
            return (parameters.tasks,)
        return (parameters.tasks, parameters.past)

    def detect(self, parameters: NoActivityParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """While too few jobs are active nobody can say that they would finish: then it is not covered."""
        if parameters.what == "submitted":
            return self._submitted(parameters, answers)
        tasks, past = answers[parameters.tasks], answers[parameters.past]
        base = moment_before(past, answers.now, parameters.hours, firing)
        if base is None:
            return Finding((), frozenset())
        chosen = parameters.chooser()
        done = [one for one in increments(tasks, past, base, now=answers.now) if chosen(one.task)]
        active = sum(one.task.nactive for one in done)
        finished, failed = sum(one.finished for one in done), sum(one.failed for one in done)
        if not finished and active < parameters.min_active:
            return Finding((), frozenset())
        words = f"no job finished for {parameters.hours:g} h, {active} are active, {failed} failed"
        values = {"finished": finished, "failed": failed, "active": active, "hours": parameters.hours}
        return _finding(parameters, words, values, matches=not finished)

    def _submitted(self, parameters: NoActivityParameters, answers: Answers) -> Finding:
        chosen, begin = parameters.chooser(), answers.now - timedelta(hours=parameters.hours)
        tasks = [task for task in answers[parameters.tasks] if chosen(task)]
        last = max((task.created for task in tasks if task.created is not None), default=None)
        words = f"no task submitted for {parameters.hours:g} h"
        values = {"last": last.isoformat() if last else None, "hours": parameters.hours}
        return _finding(parameters, words, values, matches=last is None or last < begin)


def _finding(parameters: NoActivityParameters, words: str, values: dict[str, Any], *, matches: bool) -> Finding:
    fingerprint = f"no-activity:{parameters.what}"
    chosen = {name: getattr(parameters, name) for name in TaskChoice.model_fields if getattr(parameters, name)}
    lines = [words, *(f"Only tasks with {name} {pattern}" for name, pattern in chosen.items())]
    found = Match(
        fingerprint=fingerprint,
        subject=words,
        metric=f"0 in {parameters.hours:g} h",
        detail="\n".join(lines),
        labels={label: chosen[name] for name, label in LABELS.items() if name in chosen and "%" not in chosen[name]},
        values=values,
        links=(Link("Activity", page("activity")), Link("Tasks", page("tasks", days=parameters.tasks.days))),
    )
    return Finding((found,) if matches else (), frozenset((fingerprint,)))


LABELS = {"username": "user", "processingtype": "processingtype", "site": "site", "workinggroup": "workinggroup"}
