"""Event streams: one stream of the monitor per reader, handed on as it comes, under the gateway's service token.

A failure is told in the stream's own form (an ``error`` event and a ``retry``), because browsers give up for good on
any other status. When the gateway stops, streams end at once, with the word when to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from starlette.types import Send

from swf_remote.edge import metrics
from swf_remote.edge.exchange import Exchange
from swf_remote.edge.problem import AnswerAbortedError, Problem
from swf_remote.edge.runtime import Runtime
from swf_remote.proxy.coding.decoding import codings_of
from swf_remote.proxy.failures import UpstreamError, problem_for
from swf_remote.proxy.headers import clean, joined
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.upstream import Budget, UpstreamAnswer
from swf_remote.web.error_pages import RETRY_MILLISECONDS, event

# Above the monitor's heartbeat of 30 to 35 s (contract 6).
BUDGET = Budget(first_byte=10.0, between_bytes=60.0)
# Below the server's limit of concurrent requests, so that pages are still answered.
MOST_STREAMS = 3000
OK = 200
FULL = Problem(
    503, "too-many-streams", "Too many pages are listening at once", "Reload the page in a minute.", retry_after=60
)
_BLANK_LINES = (b"\n\n", b"\r\r", b"\n\r\n")
_LONGEST_END = 3
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-robots-tag", b"noindex"),
    (b"x-swf-cache", b"bypass"),
]


class _Open:
    streams = 0


async def relay_events(request: UpstreamRequest, token: str, runtime: Runtime, send: Send, exchange: Exchange) -> None:
    """Relay one stream until either side or the gateway ends it.

    Raises:
        AnswerAbortedError: it ended within an event.
    """
    exchange.proxied = True
    await send({"type": "http.response.start", "status": OK, "headers": HEADERS})
    if _Open.streams >= MOST_STREAMS:
        await send({"type": "http.response.body", "body": _failure(FULL, exchange)})
        return
    _Open.streams += 1
    try:
        async with aclosing(_events(_authorised(request, token), runtime, exchange)) as events:
            async for piece in events:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        _Open.streams -= 1


def _authorised(request: UpstreamRequest, token: str) -> UpstreamRequest:
    return replace(request, headers=[*request.headers, ("Authorization", f"Token {token}")]) if token else request


async def _events(request: UpstreamRequest, runtime: Runtime, exchange: Exchange) -> AsyncGenerator[bytes, None]:
    try:
        answer = await runtime.side_client.send(request, budget=BUDGET)
    except UpstreamError as error:
        runtime.probe.ask()
        state = runtime.record.state()
        yield _failure(problem_for(error, write=False, since=None if state.up else state.since), exchange)
        return
    end = b""
    try:
        if not _is_stream(answer):
            yield _failure(_refused(answer), exchange)
            return
        async for chunk in _until(runtime.stopping, answer):
            end = (end + chunk[-_LONGEST_END:])[-_LONGEST_END:]
            yield chunk
    except UpstreamError:
        runtime.probe.ask()
    finally:
        answer.close()
    if end and not end.endswith(_BLANK_LINES):
        # A blank line now would make a whole event of the half that was sent.
        raise AnswerAbortedError("the event stream broke off within an event")
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()


async def _until(stopping: asyncio.Event, answer: UpstreamAnswer) -> AsyncIterator[bytes]:
    """The stream's pieces, until the gateway stops."""
    end, chunks = asyncio.ensure_future(stopping.wait()), answer.chunks()
    piece: asyncio.Future[bytes] | None = None
    try:
        while True:
            piece = asyncio.ensure_future(anext(chunks, b""))
            await asyncio.wait({piece, end}, return_when=asyncio.FIRST_COMPLETED)
            if end.done() or not (chunk := piece.result()):
                return
            yield chunk
    finally:
        for waiting in (end, piece):
            if waiting is not None:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)


def _is_stream(answer: UpstreamAnswer) -> bool:
    """Whether it is one, and readable: an encoded one, though none was asked for, would be noise to a browser."""
    fields = joined(clean(answer.raw_headers))
    is_events = fields.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"text/event-stream"
    return answer.status == OK and is_events and not codings_of(fields.get(b"content-encoding", b""))


def _refused(answer: UpstreamAnswer) -> Problem:
    how = "with something else" if answer.status == OK else f"with status {answer.status}"
    title = f"The monitor answered the event stream {how}"
    return Problem(502, "stream-refused", title, "Reload the page by hand to see news.")


def _failure(problem: Problem, exchange: Exchange) -> bytes:
    exchange.note = problem.kind
    metrics.problem_told(problem)
    return event(problem, exchange.request_id)
