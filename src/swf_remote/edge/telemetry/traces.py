"""What the gateway sees of its traces: spans that begin and end. Without the setting there are none, and no cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from swf_remote.configuration import Configuration
    from swf_remote.edge.exchange import Exchange


class QuestionSpan(Protocol):
    """A question to the monitor, until the head of its answer."""

    @property
    def traceparent(self) -> str:
        """What tells the monitor that its own work belongs to this (W3C Trace Context 3.2)."""

    def answered(self, status: int) -> None:
        """The answer's head is there."""

    def failed(self, error: BaseException) -> None:
        """There is no answer, or nobody waits for it any more."""


class Asking(Protocol):
    """Whatever questions to the monitor belong to."""

    def question(self, method: str, lane: str) -> QuestionSpan:
        """Begin a span; `lane` is the kind of connections that it uses."""


class RequestSpan(Asking, Protocol):
    """A reader's request, until its answer was sent."""

    def end(self, exchange: Exchange) -> None:
        """The request is over; the exchange says how."""


class Traces(Asking, Protocol):
    """All spans of one process. A question of its own belongs to no reader's request."""

    def request(self, scope: Any) -> RequestSpan:
        """Begin the span of a request, as `scope` tells it after the edge has read it."""

    async def close(self) -> None:
        """Send what waits, for a short while at most."""


def traces_of(settings: Configuration) -> Traces | None:
    """The traces of this process, if they are wanted: begun after the fork, because they need a thread."""
    if not settings.traces_url:
        return None
    from swf_remote.edge.telemetry.spans import OpenTelemetryTraces  # noqa: PLC0415 - of an extra

    return OpenTelemetryTraces(settings)


@contextmanager
def question(within: Asking | None, method: str, lane: str) -> Iterator[QuestionSpan | None]:
    """The span of a question that is asked inside of this block; None without traces."""
    if within is None:
        yield None
        return
    span = within.question(method, lane)
    try:
        yield span
    except BaseException as error:
        span.failed(error)
        raise
