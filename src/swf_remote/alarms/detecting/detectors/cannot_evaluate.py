"""Alarms that could not be evaluated in this tick: an alarm that cannot look is no alarm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.subjects import labelled
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Failure
from swf_remote.alarms.inputs.queries import Query, TickFailures

MOST_NAMED = 50


class CannotEvaluateParameters(Parameters):
    """Which failures are of interest."""

    ignore: tuple[str, ...] = Field(
        (), title="Not these alarms", description="Names of alarms whose failures are of no interest."
    )


class CannotEvaluate(Detector[CannotEvaluateParameters]):
    """One match per cause: a question that several alarms wait for is one cause, not one each."""

    name: ClassVar[str] = "cannot_evaluate"
    title: ClassVar[str] = "Cannot evaluate"
    summary: ClassVar[str] = (
        "Alarms could not be evaluated: their question to the monitor failed, or their detector did. "
        "Alarms that fail for the same question are one event."
    )
    Parameters = CannotEvaluateParameters

    def queries(self, parameters: CannotEvaluateParameters) -> Sequence[Query[Any]]:
        """What failed in this tick; the engine knows."""
        return (TickFailures(),)

    def detect(self, parameters: CannotEvaluateParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """An event of an alarm or a question that still fails but is told under another event is not covered, so that
        it does not end as cured.
        """
        ignored = frozenset(parameters.ignore)
        by_query: defaultdict[str, list[Failure]] = defaultdict(list)
        alone: list[Failure] = []
        still: set[str] = set()
        for failure in answers[TickFailures()]:
            if failure.alarm not in ignored:
                (by_query[failure.query] if failure.query else alone).append(failure)
                still.update((_fingerprint(failure.query), _fingerprint(failure.alarm)))
        matches = []
        for query, failures in by_query.items():
            if len(failures) > 1 or _fingerprint(query) in firing:
                matches.append(_shared(query, failures))
            else:
                alone += failures
        matches += [_single(failure) for failure in alone]
        matched = {match.fingerprint for match in matches}
        return Finding(matches, (firing - still) | matched)


def _fingerprint(words: str) -> str:
    return f"cannot-evaluate:{words}"


def _shared(query: str, failures: Sequence[Failure]) -> Match:
    named = [f"  {one.alarm}: {one.title}" for one in failures[:MOST_NAMED]]
    if len(failures) > MOST_NAMED:
        named.append(f"  and {len(failures) - MOST_NAMED} more")
    count = f"{len(failures)} alarm{'s' if len(failures) != 1 else ''}"
    return Match(
        fingerprint=_fingerprint(query),
        subject=f"{count} cannot be evaluated: no answer to {query}",
        metric=count,
        detail="\n".join([f"Question: {query}", f"Error:    {failures[0].error}", "Alarms that wait for it:", *named]),
        labels={"query": query},
        values={"alarms": [one.alarm for one in failures], "error": failures[0].error, "query": query},
    )


def _single(failure: Failure) -> Match:
    lines = [f"Alarm: {failure.alarm} ({failure.title})", f"Error: {failure.error}"]
    if failure.query:
        lines.append(f"Question: {failure.query}")
    return Match(
        fingerprint=_fingerprint(failure.alarm),
        subject=f"alarm {failure.alarm} cannot be evaluated: {failure.error.splitlines()[0] if failure.error else ''}",
        metric="1 alarm",
        detail="\n".join(lines),
        labels=labelled(alarm=failure.alarm, query=failure.query),
        values={"alarms": [failure.alarm], "error": failure.error, "query": failure.query},
    )
