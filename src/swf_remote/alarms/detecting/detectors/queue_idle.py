"""Sites that ran jobs and run none, though jobs wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import ceil
from typing import Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.parameters import Hours, Pattern
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import labelled, page, queue_page
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Counts, Past
from swf_remote.alarms.inputs.queries import ActivityOf, InputError, PastOf, Query, Queues

RUNNING = ("running", "stagein", "stageout")
WAITING = ("pending", "defined", "waiting", "assigned", "activated", "sent", "starting")


class QueueIdleParameters(Parameters):
    """When a site is idle."""

    ran_within_hours: Hours = Field(
        24, title="Ran within", description="Sites that ran jobs in so many hours are judged."
    )
    min_ran: int = Field(
        5, ge=1, le=1_000_000, title="Ran, at least", description="So many jobs at once in one of the earlier ticks."
    )
    min_waiting: int = Field(
        1, ge=1, le=1_000_000, title="Waiting jobs, at least", description="Without waiting jobs a site may be idle."
    )
    names: Pattern = Field("", title="Only these", description="Sites; a percent sign stands for anything.")
    quiet_states: tuple[str, ...] = Field(
        (),
        max_length=20,
        title="Not in these queue states",
        description="Such as offline, brokeroff, test: a planned downtime is no fault. Needs a monitor that tells the "
        "states of queues; empty: it is not asked.",
    )


class QueueIdle(Detector[QueueIdleParameters]):
    """From the jobs by site, now and in earlier ticks."""

    name: ClassVar[str] = "queue_idle"
    title: ClassVar[str] = "Queue idle"
    summary: ClassVar[str] = "A site ran jobs not long ago and runs none now, though jobs wait for it."
    Parameters = QueueIdleParameters

    def queries(self, parameters: QueueIdleParameters) -> Sequence[Query[Any]]:
        """Activity, its past, and the states of queues if some of them are quiet."""
        asked: list[Query[Any]] = [ActivityOf(), self._past(parameters)]
        return (*asked, Queues()) if parameters.quiet_states else tuple(asked)

    @staticmethod
    def _past(parameters: QueueIdleParameters) -> PastOf:
        return PastOf(ceil(parameters.ran_within_hours))

    def detect(self, parameters: QueueIdleParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """A site in a quiet state is not covered, nor one that fires and whose jobs no longer wait: it is not cured."""
        activity, past = answers[ActivityOf()], answers[self._past(parameters)]
        if not past.moments:
            raise InputError("no counters of earlier ticks are kept")
        quiet = self._quiet(parameters, answers)
        ran, chosen = _most_running(past), matcher(parameters.names)
        now = {one.name: one for one in activity.by_site}
        covered, matches = set(), []
        for name in {**ran, **now}:
            fingerprint = f"site:{name}"
            if not name or name in quiet or not chosen(name):
                continue
            counts = now.get(name, Counts(name, 0, {}))
            running, waiting = counts.of(*RUNNING), counts.of(*WAITING)
            fires = fingerprint in firing
            if fires and not running and not waiting:
                continue
            covered.add(fingerprint)
            enough = waiting >= parameters.min_waiting and ran.get(name, 0) >= parameters.min_ran
            if not running and (enough or fires):
                matches.append(_match(name, waiting, ran.get(name, 0), parameters))
        return Finding(matches, covered)

    def _quiet(self, parameters: QueueIdleParameters, answers: Answers) -> frozenset[str]:
        if not parameters.quiet_states:
            return frozenset()
        return frozenset(queue.name for queue in answers[Queues()] if queue.status in parameters.quiet_states)


def _most_running(past: Past) -> Mapping[str, int]:
    most: dict[str, int] = {}
    for moment in past.moments:
        for name, counts in moment.sites.items():
            most[name] = max(most.get(name, 0), counts.of(*RUNNING))
    return most


def _match(name: str, waiting: int, ran: int, parameters: QueueIdleParameters) -> Match:
    earlier = f"up to {ran} in the last {parameters.ran_within_hours:g} h"
    return Match(
        fingerprint=f"site:{name}",
        subject=f"site {name} runs no job, {waiting} wait; before, {earlier}",
        metric=f"0 running, {waiting} waiting",
        detail=f"Site:    {name}\nRunning: 0, {earlier}\nWaiting: {waiting}",
        labels=labelled(site=name),
        values={"running": 0, "waiting": waiting, "ran": ran},
        links=(
            Link("Queue", queue_page(name)),
            Link("Waiting jobs", page("jobs", site=name, status="activated", days=1)),
            Link("Errors", page("errors", site=name, days=1)),
        ),
    )
