"""Keeps one stream of the monitor open: asks again when it ends, breaks, falls silent or is refused.

What is heard goes to a ``Sink``. The stream's own words (``connected``, ``heartbeat``) end here: each listener gets its
own. The monitor has no memory, so after every gap the sink hears since when something may be missing.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from swf_remote.edge import metrics
from swf_remote.edge.exchange import Exchange, enter
from swf_remote.edge.problem import Problem
from swf_remote.edge.runtime import Runtime
from swf_remote.edge.telemetry import traces
from swf_remote.proxy.coding.decoding import codings_of
from swf_remote.proxy.failures import UpstreamError, problem_for
from swf_remote.proxy.headers import clean, joined
from swf_remote.proxy.link import utc_now
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.streams.events import CONNECTED, HEARTBEAT, left_out, restored
from swf_remote.proxy.streams.filters import is_of_the_stream
from swf_remote.proxy.streams.parsing import EventParser, Message
from swf_remote.proxy.upstream import Budget, UpstreamAnswer

LOG = logging.getLogger("swf_remote.streams")
# The monitor says something every 30 to 35 s (contract 6).
SILENT_SECONDS = 60.0
BUDGET = Budget(first_byte=10.0, between_bytes=SILENT_SECONDS)
FIRST_PAUSE = 0.2
# So that events come within 5 s after a link's return.
LONGEST_PAUSE = 3.0
LONGEST_PAUSE_REFUSED = 30.0
# A stream that stood for so long was no failed try.
STOOD_SECONDS = 10.0
OK = 200


class Sink(Protocol):
    """Who hears the monitor's stream."""

    async def up(self) -> None:
        """It stands."""

    async def down(self, problem: Problem, request_id: str) -> None:
        """It could not be had; said again after each try."""

    async def hear(self, messages: Sequence[Message]) -> None:
        """It said this."""


class RefusedError(Exception):
    """The monitor answered, but with no stream that could be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


class EventSource:
    """The gateway's end of the monitor's stream."""

    def __init__(
        self, request: Callable[[], UpstreamRequest], runtime: Runtime, *, missing_since: datetime | None = None
    ) -> None:
        """`request` makes what is sent at every try; `missing_since`: the end of the stream that this one goes on."""
        self._request = request
        self._runtime = runtime
        self._parser = EventParser()
        self._stood_until = missing_since
        self._last_id = ""
        self._pause = FIRST_PAUSE

    async def run(self, sink: Sink) -> None:
        """Hear the stream until cancelled."""
        loop = asyncio.get_running_loop()
        longest = LONGEST_PAUSE
        while True:
            begin, request_id = loop.time(), secrets.token_hex(8)
            # Log lines are about this question, and not about the reader for whom the stream was first wanted.
            enter(Exchange(request_id, area="stream"))
            try:
                await self._listen(sink, request_id)
                longest = LONGEST_PAUSE
            except RefusedError as refused:
                longest = LONGEST_PAUSE_REFUSED
                await sink.down(refused.problem, request_id)
            except UpstreamError as error:
                longest = LONGEST_PAUSE
                await sink.down(self._problem(error), request_id)
            if loop.time() - begin >= STOOD_SECONDS:
                self._pause = FIRST_PAUSE
            await asyncio.sleep(self._next_pause(longest))

    async def _listen(self, sink: Sink, request_id: str) -> None:
        """One stream, until it ends in whatever way; an error comes out only before it began."""
        request = self._addressed(request_id)
        with traces.question(self._runtime.traces, request.method, "stream") as span:
            if span is not None:
                request = request.within_trace(span.traceparent)
            answer = await self._runtime.side_client.send(request, budget=BUDGET)
            if span is not None:
                span.answered(answer.status)
        try:
            _check(answer)
            await self._hear(answer, sink)
        finally:
            answer.close()

    async def _hear(self, answer: UpstreamAnswer, sink: Sink) -> None:
        self._parser = EventParser()
        metrics.event_source_stands(True)
        try:
            await sink.up()
            if self._stood_until:
                await sink.hear([restored(self._stood_until)])
            async for piece in answer.chunks():
                await self._take(piece, sink)
        except UpstreamError as error:
            LOG.warning("the monitor's event stream broke off: %s", error)
            self._runtime.probe.ask()
        finally:
            metrics.event_source_stands(False)
            self._stood_until = utc_now()
            self._last_id = self._parser.last_id

    async def _take(self, piece: bytes, sink: Sink) -> None:
        before = self._parser.left_out
        messages = [one for one in self._parser.feed(piece) if not _is_its_own(one)]
        if count := self._parser.left_out - before:
            messages.append(left_out(count))
        metrics.events_received(len(messages))
        if messages:
            await sink.hear(messages)

    def _addressed(self, request_id: str) -> UpstreamRequest:
        request = self._request()
        fields = [*request.headers, ("x-request-id", request_id)]
        if self._last_id.isprintable() and self._last_id.isascii() and self._last_id:
            fields.append(("last-event-id", self._last_id))
        return replace(request, headers=fields)

    def _next_pause(self, longest: float) -> float:
        pause = max(self._pause, min((self._parser.retry or 0) / 1000, longest))
        self._pause = min(self._pause * 2, longest)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret: spreads the load

    def _problem(self, error: UpstreamError) -> Problem:
        LOG.info("the monitor's event stream cannot be had: %s", type(error).__name__)
        self._runtime.probe.ask()
        state = self._runtime.record.state()
        return problem_for(error, write=False, since=None if state.up else state.since)


def _check(answer: UpstreamAnswer) -> None:
    """An encoded stream, though none was asked for, would be noise.

    Raises:
        RefusedError: it is no readable event stream.
    """
    fields = joined(clean(answer.raw_headers))
    is_events = fields.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"text/event-stream"
    if answer.status == OK and is_events and not codings_of(fields.get(b"content-encoding", b"")):
        return
    how = "with something else" if answer.status == OK else f"with status {answer.status}"
    title = f"The monitor answered the event stream {how}"
    raise RefusedError(Problem(502, "stream-refused", title, "Reload the page by hand to see news."))


def _is_its_own(message: Message) -> bool:
    return is_of_the_stream(message, CONNECTED) or is_of_the_stream(message, HEARTBEAT)
