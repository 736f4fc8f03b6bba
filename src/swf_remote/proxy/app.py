"""The proxy as an ASGI application: request → policy → monitor → rewriting → answer.

Order of one request: ``admission`` (table, same origin, reader), ``request`` (the monitor's request), ``upstream``,
``response`` (the reader's answer), ``relay``. A reader who leaves ends all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.intake import header
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.edge.runtime import Runtime
from swf_remote.proxy.admission import Admission, LoginNeeded, admit, login_problem
from swf_remote.proxy.body import RequestBody
from swf_remote.proxy.events import relay_events
from swf_remote.proxy.failures import (
    BodyTooLargeError,
    BrokenAnswerError,
    LinkCause,
    LinkDownError,
    ReaderGoneError,
    UpstreamError,
    problem_for,
)
from swf_remote.proxy.link import Observation, Place
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.probe import ENTRANCE_REFUSES
from swf_remote.proxy.relay import relay
from swf_remote.proxy.request import UpstreamRequest, upstream_request
from swf_remote.proxy.response import Answer, BrokenAnswer, reader_answer
from swf_remote.proxy.routes import SAFE_METHODS, Kind
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.upstream import WRITE_BUDGET, Budget, UpstreamAnswer
from swf_remote.web.account_controls import account_controls, log_in_url
from swf_remote.web.negotiation import HTML, JSON, preferred

METHOD_NOT_ALLOWED = 405
TOO_LARGE = Problem(
    413, "body-too-large", "What you sent is too large", "Send a smaller file.", outcome="Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request that was let through."""

    scope: Scope
    admission: Admission
    page: PageContext

    @property
    def method(self) -> str:
        """The reader's method."""
        return str(self.scope["method"])


class Proxy:
    """Every path that is not the gateway's own."""

    def __init__(self, settings: Configuration, runtime: Runtime) -> None:
        self._runtime = runtime
        self._mount = settings.mount
        self._public_url = settings.public_url
        self._limit = settings.upload_limit
        self._token = settings.monitor_token
        self._sites = Sites.of(
            monitor_url=settings.monitor_url,
            monitor_host=settings.monitor_host,
            mount=settings.mount,
            public_url=settings.public_url,
        )
        self._host = settings.monitor_host or settings.monitor_url.split("/")[2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: it is answered by a page of words instead.
            AnswerAbortedError: the answer broke off after it had begun.
        """
        body = RequestBody(receive, self._limit)
        await _unless(body.reader_gone(), self._serve(scope, body, send))

    async def _serve(self, scope: Scope, body: RequestBody, send: Send) -> None:
        try:
            admission = await admit(
                scope["method"],
                scope["raw_path"],
                scope["headers"],
                mount=self._mount,
                public_url=self._public_url,
            )
        except LoginNeeded:
            await self._ask_for_login(scope, send)
            return
        exchange_of(scope).proxied_page = admission.route.kind is Kind.PAGE
        visit = _Visit(scope, admission, PageContext(account_controls(admission.reader, _address(scope)), _raw(scope)))
        if admission.route.kind is Kind.STREAM:
            await body.begins()
            await relay_events(self._request(visit), self._token, self._runtime, send, exchange_of(scope))
        else:
            await self._proxy(visit, body, send)

    async def _proxy(self, visit: _Visit, body: RequestBody, send: Send) -> None:
        exchange = exchange_of(visit.scope)
        announced = header(visit.scope, b"content-length")
        if announced.isdecimal() and int(announced) > self._limit:
            raise ProblemError(TOO_LARGE)
        try:
            answer = await self._ask(visit, body)
            try:
                chunks = None if visit.method == "HEAD" else answer.chunks()
                await relay(self._head(visit, answer), chunks, send, exchange)
            finally:
                answer.close()
        except UpstreamError as error:
            raise ProblemError(self._told(error, visit.admission)) from error

    async def _ask(self, visit: _Visit, body: RequestBody) -> UpstreamAnswer:
        request, budget = self._request(visit), _budget(visit.admission)
        sent = body if await body.begins() and visit.method not in SAFE_METHODS else None
        begin = time.perf_counter()
        try:
            answer = await self._runtime.client.send(request, body=sent, budget=budget)
            if answer.status == METHOD_NOT_ALLOWED and request.method == "HEAD":
                # Some of the monitor's views know GET only (contract 11); its answer tells what HEAD would.
                answer.close()
                answer = await self._runtime.client.send(replace(request, method="GET"), budget=budget)
        except UpstreamError:
            if isinstance(body.fault, BodyTooLargeError):
                raise ProblemError(TOO_LARGE) from None
            raise
        finally:
            exchange_of(visit.scope).upstream_seconds = time.perf_counter() - begin
        return answer

    def _request(self, visit: _Visit) -> UpstreamRequest:
        return upstream_request(
            visit.method,
            visit.scope["raw_path"],
            visit.scope["query_string"],
            visit.scope["headers"],
            route=visit.admission.route,
            sites=self._sites,
            remote_user=visit.admission.remote_user,
            host=self._host,
            page=visit.page,
        )

    def _head(self, visit: _Visit, answer: UpstreamAnswer) -> Answer:
        try:
            return reader_answer(
                answer.status,
                answer.raw_headers,
                request_method=visit.method,
                route=visit.admission.route,
                sites=self._sites,
                page=visit.page,
            )
        except BrokenAnswer as error:
            raise BrokenAnswerError(str(error)) from error

    def _told(self, error: UpstreamError, admission: Admission) -> Problem:
        """The failure in words; the link's record hears of it, too."""
        if isinstance(error, LinkDownError) and error.cause is LinkCause.REFUSED:
            self._runtime.record.note(Observation(Place.TUNNEL, ENTRANCE_REFUSES))
        self._runtime.probe.ask()
        state = self._runtime.record.state()
        return problem_for(error, write=admission.writes, since=None if state.up else state.since)

    async def _ask_for_login(self, scope: Scope, send: Send) -> None:
        reads = scope["method"] in SAFE_METHODS
        if not reads or preferred(header(scope, b"accept"), default=JSON) != HTML:
            raise ProblemError(login_problem(writes=not reads))
        target = log_in_url(_address(scope)).encode()
        headers = [(b"location", target), (b"content-length", b"0"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _raw(scope: Scope) -> bytes:
    """Path and query as the reader's browser has them."""
    query: bytes = scope["query_string"]
    raw: bytes = scope["raw_path"]
    return raw + b"?" + query if query else raw


def _address(scope: Scope) -> str:
    return _raw(scope).decode("latin-1")


def _budget(admission: Admission) -> Budget:
    if admission.writes:
        return WRITE_BUDGET
    return Budget(first_byte=admission.route.first_byte)


async def _unless(leaves: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and give it up as soon as the reader leaves."""
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(leaves)
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        if not working.done():
            working.cancel()
    with suppress(asyncio.CancelledError, ReaderGoneError):
        await working
