"""A campaign that will not reach its goal in time at the pace it has.

As with burn rates of error budgets two windows are looked at: the long one says that the pace matters, the short one
that it is still so.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.history import Sum, increments, moment_before, summed
from swf_remote.alarms.detecting.parameters import Days, Hours, NotAllowed
from swf_remote.alarms.detecting.prepared import OncePerAnswer
from swf_remote.alarms.detecting.subjects import campaign_of, page, percent
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Task
from swf_remote.alarms.inputs.queries import PastOf, Query, Tasks

Times = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, json_schema_extra={"unit": "times"})]
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class CampaignBurnRateParameters(Parameters):
    """The goal, and what pace is too slow."""

    campaign: str = Field(
        pattern=r"^\d\d\.\d\d\.\d{1,3}$",
        title="Campaign",
        description="As in task names.",
        json_schema_extra={"placeholder": "26.11.0"},
    )
    goal: Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)] = Field(
        title="Goal", description="How much is to be finished."
    )
    until: date = Field(title="Until", description="The goal's last day (UTC), such as 2026-12-31.")
    what: Literal["files", "jobs", "events"] = Field(
        "files", title="Of", description="Finished input files, finished jobs, or events: files times events a file."
    )
    events_per_file: Amount = Field(1, title="Events a file", description="For a goal in events.")
    done_before: Amount = Field(
        0, title="Done before", description="What was finished by tasks that rested longer than the look-back."
    )
    short_hours: Hours = Field(6, title="Short window", description="The pace of these hours …")
    long_hours: Hours = Field(72, title="Long window", description="… and of these hours has to be too slow.")
    pace: Times = Field(
        1,
        title="Matches below",
        description="So many times the pace that is needed from now on to reach the goal in time.",
    )
    clear_above: Times | None = Field(
        None,
        title="Clears from",
        description="What fires goes on until one of both paces reaches this; empty: as for matching.",
        json_schema_extra={"unit": "times"},
    )
    since_days: Days = Field(60, title="Since", description="Counts tasks modified in so many days.")

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.clear_above is not None and self.clear_above < self.pace:
            raise NotAllowed("clear_above", f"{self.clear_above:g} is below the pace {self.pace:g}")
        if self.short_hours >= self.long_hours:
            raise NotAllowed("short_hours", f"{self.short_hours:g} h is not shorter than {self.long_hours:g} h")
        if self.long_hours > self.since_days * 24:
            raise NotAllowed("long_hours", f"{self.long_hours:g} h is longer than the look-back of {self.since_days} d")
        return self

    @property
    def past(self) -> PastOf:
        """The counters of the long window."""
        return PastOf(ceil(self.long_hours) + 1)

    @property
    def end(self) -> datetime:
        """When the time is over."""
        return datetime.combine(self.until + timedelta(days=1), time(), UTC)

    def amount(self, total: Sum) -> float:
        """What was finished, in what the goal counts."""
        if self.what == "jobs":
            return total.finished
        return total.files * (self.events_per_file if self.what == "events" else 1)


@dataclass(frozen=True, slots=True)
class _Paces:
    """An hour."""

    needed: float
    short: float
    long: float
    done: float


def _by_campaign(tasks: tuple[Task, ...]) -> dict[str, tuple[Task, ...]]:
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(campaign_of(task.taskname), []).append(task)
    return {name: tuple(some) for name, some in found.items()}


_campaigns = OncePerAnswer(_by_campaign)


class CampaignBurnRate(Detector[CampaignBurnRateParameters]):
    """From the counters of the campaign's tasks."""

    name: ClassVar[str] = "campaign_burn_rate"
    title: ClassVar[str] = "Campaign behind its goal"
    summary: ClassVar[str] = (
        "At the pace of the last hours and of the last days a campaign will not reach its goal in time."
    )
    Parameters = CampaignBurnRateParameters

    def queries(self, parameters: CampaignBurnRateParameters) -> Sequence[Query[Any]]:
        """Tasks now and before."""
        return (Tasks(parameters.since_days), parameters.past)

    def detect(self, parameters: CampaignBurnRateParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """A goal that was not reached in time goes on until it is."""
        tasks = _campaigns(answers[Tasks(parameters.since_days)]).get(parameters.campaign, ())
        total = Sum(sum(task.nfinished for task in tasks), 0, sum(task.nfilesfinished for task in tasks))
        done = parameters.done_before + parameters.amount(total)
        fingerprint = f"campaign:{parameters.campaign}"
        covered = frozenset((fingerprint,))
        if done >= parameters.goal:
            return Finding((), covered)
        left = (parameters.end - answers.now).total_seconds() / 3600
        if left <= 0:
            return Finding((_late(fingerprint, done, parameters),), covered)
        long = self._pace(parameters, parameters.long_hours, tasks, answers, firing)
        short = self._pace(parameters, parameters.short_hours, tasks, answers, firing)
        if long is None or short is None:
            return Finding((), frozenset())
        paces = _Paces((parameters.goal - done) / left, short, long, done)
        factor = parameters.pace
        if fingerprint in firing and parameters.clear_above is not None:
            factor = parameters.clear_above
        if max(paces.short, paces.long) >= factor * paces.needed:
            return Finding((), covered)
        return Finding((_behind(fingerprint, paces, parameters, answers.now),), covered)

    @staticmethod
    def _pace(
        parameters: CampaignBurnRateParameters,
        hours: float,
        tasks: tuple[Task, ...],
        answers: Answers,
        firing: AbstractSet[str],
    ) -> float | None:
        past = answers[parameters.past]
        base = moment_before(past, answers.now, hours, firing)
        if base is None:
            return None
        total = summed(increments(tasks, past, base, now=answers.now), "campaign").get(parameters.campaign, Sum())
        return parameters.amount(total) / ((answers.now - base.at).total_seconds() / 3600)


def _late(fingerprint: str, done: float, parameters: CampaignBurnRateParameters) -> Match:
    return Match(
        fingerprint=fingerprint,
        subject=f"campaign {parameters.campaign} did not reach its goal by {parameters.until}: {done:.0f} of "
        f"{parameters.goal:.0f} {parameters.what}",
        metric=percent(done / parameters.goal),
        detail=f"Done: {done:.0f} of {parameters.goal:.0f} {parameters.what}\nUntil: {parameters.until}",
        labels={"campaign": parameters.campaign},
        values={"done": done, "goal": parameters.goal},
        links=(Link("Tasks", page("tasks", days=parameters.since_days)),),
    )


def _behind(fingerprint: str, paces: _Paces, parameters: CampaignBurnRateParameters, now: datetime) -> Match:
    best = max(paces.short, paces.long)
    left = parameters.goal - paces.done
    reached = f"{now + timedelta(hours=left / best):%Y-%m-%d}" if best > 0 and left / best < 24 * 3650 else "never"
    share = percent(paces.done / parameters.goal)
    lines = [
        f"Done:   {paces.done:.0f} of {parameters.goal:.0f} {parameters.what} ({share})",
        f"Needed: {paces.needed:.1f} an hour until {parameters.until}",
        f"Pace:   {paces.short:.1f} an hour in {parameters.short_hours:g} h, {paces.long:.1f} in "
        f"{parameters.long_hours:g} h",
        f"At the better of both the goal is reached: {reached}",
    ]
    return Match(
        fingerprint=fingerprint,
        subject=f"campaign {parameters.campaign} finishes {best:.1f} {parameters.what} an hour, needs "
        f"{paces.needed:.1f} until {parameters.until}",
        metric=f"{percent(best / paces.needed)} of the pace needed",
        detail="\n".join(lines),
        labels={"campaign": parameters.campaign},
        values={
            "done": paces.done,
            "goal": parameters.goal,
            "needed_per_hour": round(paces.needed, 3),
            "short_per_hour": round(paces.short, 3),
            "long_per_hour": round(paces.long, 3),
        },
        links=(Link("Tasks", page("tasks", days=parameters.since_days)),),
    )
