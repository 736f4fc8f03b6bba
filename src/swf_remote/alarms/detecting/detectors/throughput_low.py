"""Fewer jobs or files done than expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from math import ceil
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.history import Sum, earlier_increments, increments, moment_before, summed
from swf_remote.alarms.detecting.parameters import Count, Hours, NotAllowed, Pattern
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import group_label, group_links, percent
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Moment, Past
from swf_remote.alarms.inputs.queries import PastOf, Query, Tasks

LEAST_KNOWN = 0.5
"""So much of the days before has to be kept for a mean of them."""


class ThroughputLowParameters(Parameters):
    """What is expected."""

    what: Literal["jobs", "files"] = Field(
        "jobs", title="Finished", description="Finished jobs, or finished input files."
    )
    hours: Hours = Field(6, title="In the last", description="So many hours.")
    by: Literal["all", "site", "user", "workinggroup", "campaign"] = Field(
        "all", title="Of each", description="All together, or each for itself."
    )
    names: Pattern = Field(
        "", title="Only these", description="Names of sites, users …; a percent sign stands for anything."
    )
    at_least: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        title="Expected",
        description="So many in these hours; or a share of the past below.",
    )
    share_of_past: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = Field(
        None, title="Expected share of the past", description="So much of the mean of the days before."
    )
    past_days: int = Field(
        3, ge=1, le=28, title="Days before", description="Their mean.", json_schema_extra={"unit": "days"}
    )
    min_expected: Count = Field(
        10, title="Judged from", description="If the mean of the past lets fewer be expected, nothing is said."
    )
    clear_above: Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)] = Field(
        1, title="Clears from", description="What fires goes on until so many times the expected number is reached.",
        json_schema_extra={"unit": "times"},
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if (self.at_least is None) == (self.share_of_past is None):
            raise NotAllowed(
                "at_least", "either a number (at_least) or a share (share_of_past) is expected, and not both"
            )
        if self.share_of_past is not None and self.hours + self.past_days * 24 > 30 * 24:
            raise NotAllowed("past_days", f"with the hours more than the {30 * 24} h that counters are kept")
        return self

    @property
    def tasks(self) -> Tasks:
        """Tasks that can have finished something in these hours."""
        return Tasks(max(1, ceil(self.hours / 24)))

    @property
    def past(self) -> PastOf:
        """The counters of the hours, and of the days before if they are needed."""
        return PastOf(ceil(self.hours) + 1 + (self.past_days * 24 if self.share_of_past is not None else 0))


class ThroughputLow(Detector[ThroughputLowParameters]):
    """From the counters of tasks."""

    name: ClassVar[str] = "throughput_low"
    title: ClassVar[str] = "Throughput low"
    summary: ClassVar[str] = (
        "Fewer jobs or files finished in the last hours than a number, or than a share of the past."
    )
    Parameters = ThroughputLowParameters

    def queries(self, parameters: ThroughputLowParameters) -> Sequence[Query[Any]]:
        """Tasks now and before."""
        return (parameters.tasks, parameters.past)

    def detect(self, parameters: ThroughputLowParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Groups of which nothing is expected are not covered."""
        tasks, past = answers[parameters.tasks], answers[parameters.past]
        base = moment_before(past, answers.now, parameters.hours, firing)
        if base is None:
            return Finding((), frozenset())
        done = summed(increments(tasks, past, base, now=answers.now), parameters.by)
        hours = (answers.now - base.at).total_seconds() / 3600
        expected = _expected(parameters, past, base, done)
        chosen, covered, matches = matcher(parameters.names), set(), []
        for name, number in expected.items():
            if not chosen(name):
                continue
            fingerprint = f"throughput:{'all' if parameters.by == 'all' else f'{parameters.by}:{name}'}"
            covered.add(fingerprint)
            # The tick of the counters may lie a little before the hours, or after them.
            reached = _number(done.get(name, Sum()), parameters) * parameters.hours / hours
            if reached < number * (parameters.clear_above if fingerprint in firing else 1):
                matches.append(_match(fingerprint, name, reached, number, parameters))
        return Finding(matches, covered)


def _expected(
    parameters: ThroughputLowParameters, past: Past, base: Moment, done: Mapping[str, Sum]
) -> Mapping[str, float]:
    if parameters.at_least is not None:
        return dict.fromkeys({"all": 0} if parameters.by == "all" else done, float(parameters.at_least))
    begin = base.at - timedelta(days=parameters.past_days)
    earlier = [moment.at for moment in past.moments if begin <= moment.at <= base.at]
    known = (base.at - earlier[0]).total_seconds() / 3600 if earlier else 0.0
    if known < parameters.past_days * 24 * LEAST_KNOWN:
        return {}
    before = summed(earlier_increments(past, begin=begin, end=base.at).values(), parameters.by)
    share = (parameters.share_of_past or 0) * parameters.hours / known
    expected = {name: _number(total, parameters) * share for name, total in before.items()}
    return {name: number for name, number in expected.items() if number >= max(parameters.min_expected, 1)}


def _number(total: Sum, parameters: ThroughputLowParameters) -> int:
    return total.finished if parameters.what == "jobs" else total.files


def _match(fingerprint: str, name: str, reached: float, number: float, parameters: ThroughputLowParameters) -> Match:
    of = "" if parameters.by == "all" else f"{parameters.by} {name}: "
    return Match(
        fingerprint=fingerprint,
        subject=f"{of}{reached:.0f} {parameters.what} finished in {parameters.hours:g} h, {number:.0f} expected",
        metric=f"{reached:.0f}, expected {number:.0f} ({percent(reached / number)})",
        detail=f"Finished: {reached:.0f} {parameters.what} in the last {parameters.hours:g} h\nExpected: {number:.0f}"
        + (
            f" ({percent(parameters.share_of_past)} of the mean of {parameters.past_days} days before)"
            if parameters.share_of_past is not None
            else ""
        ),
        labels=group_label(parameters.by, name),
        values={"finished": round(reached, 1), "expected": round(number, 1), "hours": parameters.hours},
        links=group_links(parameters.by, name, parameters.tasks.days),
    )
