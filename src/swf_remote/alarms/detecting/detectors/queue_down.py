"""Queues that are switched off though jobs wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.parameters import Count, Pattern
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import labelled, page, queue_page
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import Query, Queues


class QueueDownParameters(Parameters):
    """When a queue is down."""

    states: tuple[str, ...] = Field(
        ("offline", "brokeroff"), min_length=1, max_length=20, title="States", description="Queues in these are down."
    )
    min_waiting: Count = Field(1, title="Waiting jobs, at least", description="0: also if no job waits.")
    names: Pattern = Field("", title="Only these", description="Queues; a percent sign stands for anything.")


class QueueDown(Detector[QueueDownParameters]):
    """By the states of queues; only monitors that offer ``api/panda/queues/`` tell them."""

    name: ClassVar[str] = "queue_down"
    title: ClassVar[str] = "Queue down"
    summary: ClassVar[str] = "A queue is in a state such as offline though jobs wait for it."
    Parameters = QueueDownParameters

    def queries(self, parameters: QueueDownParameters) -> Sequence[Query[Any]]:
        """The states of queues."""
        return (Queues(),)

    def detect(self, parameters: QueueDownParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """What fires goes on while the queue is down, whether jobs wait or not."""
        chosen, covered, matches = matcher(parameters.names), set(), []
        for queue in answers[Queues()]:
            if not chosen(queue.name):
                continue
            fingerprint = f"site:{queue.name}"
            covered.add(fingerprint)
            if queue.status in parameters.states and (queue.waiting >= parameters.min_waiting or fingerprint in firing):
                matches.append(
                    Match(
                        fingerprint=fingerprint,
                        subject=f"queue {queue.name} is {queue.status}, {queue.waiting} jobs wait",
                        metric=f"{queue.status}, {queue.waiting} waiting",
                        detail=f"Queue:   {queue.name}\nState:   {queue.status}\n"
                        f"Jobs:    {queue.running} running, {queue.waiting} waiting",
                        labels=labelled(site=queue.name, status=queue.status),
                        values={"running": queue.running, "waiting": queue.waiting},
                        links=(
                            Link("Queue", queue_page(queue.name)),
                            Link("Jobs", page("jobs", site=queue.name)),
                        ),
                    )
                )
        return Finding(matches, covered)
