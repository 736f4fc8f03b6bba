"""Errors that were not there before, or that come much more often than before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.parameters import Hours
from swf_remote.alarms.detecting.subjects import labelled, page
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import ErrorPattern
from swf_remote.alarms.inputs.queries import ErrorPatterns, Query

MOST_SHOWN = 3


class ErrorNewOrRisingParameters(Parameters):
    """Which errors are new, and which rise."""

    new_hours: Hours = Field(6, title="New within", description="An error first seen in so many hours is new.")
    min_jobs: int = Field(
        20,
        ge=1,
        le=1_000_000,
        title="Jobs, at least",
        description="So many failed jobs of the last day with this error.",
    )
    growth: Annotated[float, Field(gt=1, le=1000, allow_inf_nan=False)] | None = Field(
        3,
        title="Rising by",
        description="The jobs of the last day are so many times the mean of the days before; empty: only what is new.",
        json_schema_extra={"unit": "times"},
    )
    compare_days: int = Field(
        7, ge=2, le=30, title="Against", description="An error that was not seen in these days is new.",
        json_schema_extra={"unit": "days"},
    )  # fmt: skip
    component: str = Field(
        "", max_length=50, title="Only of", description="Such as pilot, ddm, dispatcher; empty: of all components."
    )
    each_text: bool = Field(
        False, title="Each text for itself", description="Else errors with the same code are one, whatever they say."
    )


@dataclass(slots=True)
class _Seen:
    """Patterns that count as one."""

    patterns: list[ErrorPattern] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(one.count for one in self.patterns)

    @property
    def first(self) -> datetime | None:
        """None as soon as one of them does not tell it."""
        known = [one.first_seen for one in self.patterns if one.first_seen is not None]
        return min(known) if known and len(known) == len(self.patterns) else None


@dataclass(frozen=True, slots=True)
class _Change:
    """The last day against the days before."""

    today: int
    sure: int
    """Of these, jobs with a text of which it is known how often it came before."""
    mean: float
    """A day, in the days before, as far as it is known."""
    first: datetime | None

    def word(self, parameters: ErrorNewOrRisingParameters, now: datetime, *, fires: bool) -> str:
        """What kind of change it is; empty for none."""
        if self.first is not None and self.first >= now - timedelta(hours=parameters.new_hours):
            return "new"
        enough = max(parameters.min_jobs, (parameters.growth or 0) * self.mean)
        if parameters.growth is not None and self.mean and self.sure >= enough:
            return "rising"
        # A new error is not cured by growing older than the hours of being new.
        return "firing" if fires and self.today > self.mean else ""


class ErrorNewOrRising(Detector[ErrorNewOrRisingParameters]):
    """The last day against the days before; only monitors that offer ``api/panda/errors/`` tell errors."""

    name: ClassVar[str] = "error_new_or_rising"
    title: ClassVar[str] = "Error new or rising"
    summary: ClassVar[str] = "Jobs fail with an error that was not seen for days, or that comes many times more often."
    Parameters = ErrorNewOrRisingParameters

    def queries(self, parameters: ErrorNewOrRisingParameters) -> Sequence[Query[Any]]:
        """The errors of the last day and those of all days."""
        return (ErrorPatterns(1), ErrorPatterns(parameters.compare_days))

    def detect(self, parameters: ErrorNewOrRisingParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """An error that fires as new goes on as long as the last day holds enough jobs with it and the days before do
        not hold more.
        """
        asked = ErrorPatterns(parameters.compare_days)
        today = _grouped(answers[ErrorPatterns(1)], parameters)
        days = _grouped(answers[asked], parameters)
        # What is not in a full list may have been there as often as the rarest that is.
        rarest = min((one.count for one in answers[asked]), default=0) if len(answers[asked]) >= asked.most else 0
        matches = []
        for fingerprint, seen in today.items():
            if seen.count < parameters.min_jobs:
                continue
            change = _change(seen, days.get(fingerprint, _Seen()), rarest, parameters.compare_days - 1)
            if word := change.word(parameters, answers.now, fires=fingerprint in firing):
                matches.append(_match(fingerprint, seen, change, word, parameters.compare_days - 1))
        return Finding(matches)


def _change(seen: _Seen, all_days: _Seen, rarest: int, days: int) -> _Change:
    """Against so many days before; a full list tells only texts in full that came more often than its rarest."""
    known = {one.text: one.count for one in all_days.patterns if one.count > rarest}
    sure = sum(one.count for one in seen.patterns if not rarest or one.text in known)
    earlier = max(0, sum(known.values()) - sure)
    return _Change(seen.count, sure, earlier / days, all_days.first if all_days.patterns else seen.first)


def _grouped(patterns: Iterable[ErrorPattern], parameters: ErrorNewOrRisingParameters) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    for one in patterns:
        if parameters.component and one.source != parameters.component:
            continue
        fingerprint = f"error:{one.source}:{one.code}"
        if parameters.each_text:
            fingerprint += ":" + hashlib.sha256(one.text.encode(errors="replace")).hexdigest()[:12]
        found.setdefault(fingerprint, _Seen()).patterns.append(one)
    return found


def _match(fingerprint: str, seen: _Seen, change: _Change, word: str, days: int) -> Match:
    texts = sorted(seen.patterns, key=lambda one: -one.count)[:MOST_SHOWN]
    error = f"{texts[0].source} {texts[0].code}"
    sites = sorted({site for one in seen.patterns for site in one.sites})
    first = f"{change.first:%Y-%m-%d %H:%M} UTC" if change.first else "not told"
    lines = [
        f"Error: {error}",
        f"Jobs:  {change.today} in the last day, {change.mean:.1f} a day in the {days} days before",
        f"First: {first}",
        f"Sites: {', '.join(sites) or 'not told'}",
        *(f"{one.count} x {one.text}" for one in texts),
    ]
    labels = labelled(component=texts[0].source, code=str(texts[0].code), site=sites[0] if len(sites) == 1 else "")
    of = f"{word} error {error}" if word != "firing" else f"error {error}"
    return Match(
        fingerprint=fingerprint,
        subject=f"{of}: {change.today} jobs in a day, before {change.mean:.1f} a day - {texts[0].text[:100]}",
        metric=f"{change.today} jobs a day, before {change.mean:.1f}",
        detail="\n".join(lines),
        labels=labels,
        values={"jobs": change.today, "earlier_per_day": round(change.mean, 2), "kind": word, "sites": sites},
        links=(
            Link("Errors", page("errors", error_source=texts[0].source, days=1)),
            Link("Diagnostics", page("diagnostics", error_source=texts[0].source, days=1)),
        ),
    )
