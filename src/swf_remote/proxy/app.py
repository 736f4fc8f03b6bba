"""The proxy as an ASGI application: request → policy → monitor → rewriting → answer.

Order of one request: ``admission`` (table, same origin, reader), ``reads`` (what the cache may answer), else
``request`` (the monitor's request), ``asking`` (the monitor's answer), ``response`` (the reader's answer), ``relay``.
A reader who leaves ends all of it, but not the flight of an answer that others may need.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.edge import metrics
from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.intake import header
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.edge.runtime import Runtime
from swf_remote.proxy.asking import Asker, Question
from swf_remote.proxy.assertion import IdentityAssertion
from swf_remote.proxy.body import RequestBody
from swf_remote.proxy.caching import epochs
from swf_remote.proxy.caching.cache import Cache, Wanted
from swf_remote.proxy.caching.fetching import Fetcher
from swf_remote.proxy.caching.site import Site, written_areas
from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.capacity.recall import Recall
from swf_remote.proxy.failures import (
    BodyTooLargeError,
    BrokenAnswerError,
    CircuitOpenError,
    LinkCause,
    LinkDownError,
    ReaderGoneError,
    UpstreamError,
    problem_for,
)
from swf_remote.proxy.fairness import Fairness
from swf_remote.proxy.headers import Field, clean, joined
from swf_remote.proxy.link import Observation, Place
from swf_remote.proxy.policy.admission import UNCHANGED, Admission, LoginNeeded, admit, login_problem
from swf_remote.proxy.policy.routes import SAFE_METHODS, Kind, exposure
from swf_remote.proxy.probe import ENTRANCE_REFUSES
from swf_remote.proxy.prompt import Prompt
from swf_remote.proxy.reads import NotKeptError, Reads, send_reply
from swf_remote.proxy.relay import relay
from swf_remote.proxy.request import UpstreamRequest, upstream_request
from swf_remote.proxy.response import Answer, Asked, BrokenAnswer, PartOnly, reader_answer
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.slots import Fill, Slots, nothing
from swf_remote.proxy.streams.serving import Streams
from swf_remote.proxy.upstream import UpstreamAnswer
from swf_remote.proxy.visit import Visit, raw_address
from swf_remote.web.account_controls import log_in_url
from swf_remote.web.negotiation import HTML, JSON, preferred

TOO_LARGE = Problem(413, "body-too-large", "What you sent is too large", "Send a smaller file.", outcome=UNCHANGED)
ENCODED = Problem(
    415, "encoded-body", "What you sent is compressed", "Send it without a Content-Encoding.", outcome=UNCHANGED
)


class Proxy:
    """Every path that is not the gateway's own."""

    def __init__(
        self,
        settings: Configuration,
        runtime: Runtime,
        *,
        fill: Fill = nothing,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`fill`: what stands in the slots of pages; `clock`: seconds since the epoch, by which kept answers age."""
        self._runtime = runtime
        self._mount = settings.mount
        self._public_url = settings.public_url
        self._limit = settings.upload_limit
        self._streams = Streams(settings, runtime)
        self._fairness = Fairness.of(settings)
        self._sites = Sites.of(
            monitor_url=settings.monitor_url,
            monitor_host=settings.monitor_host,
            mount=settings.mount,
            public_url=settings.public_url,
            substitutes=settings.substitutes,
        )
        self._slots = Slots(settings.mount, fill)
        self._host = settings.monitor_host or settings.monitor_url.split("/")[2]
        self._assertion = IdentityAssertion.of(settings)
        self._asker = Asker(runtime.lanes, self._sites, exposure().form_fields)
        self._cache: Cache | None = None
        self._reads: Reads | None = None
        if settings.cache_bytes:
            numbers = epochs.shared()
            self._cache = Cache(
                settings.cache_bytes,
                numbers,
                mount=self._sites.monitor_mount,
                clock=clock,
                site=Site.of(settings, numbers),
                written_areas=written_areas(exposure()),
            )
            self._reads = self._reads_of(self._cache, settings)
            runtime.endings.append(self._cache.close)
        self.prompt = Prompt(self._mount, self._reads, self._fairness, runtime.lanes, self._slots)
        """What is answered without waiting."""

    def kept_in_memory(self) -> tuple[int, int]:
        """Bytes and number of the answers that this process keeps."""
        return (self._cache.memory.bytes, len(self._cache.memory)) if self._cache else (0, 0)

    def _reads_of(self, cache: Cache, settings: Configuration) -> Reads:
        largest = min(settings.cache_object_bytes, settings.cache_bytes)
        most = max(settings.cache_bytes // 2, largest)
        fetcher = Fetcher(cache, self._asker, self._sites, exposure(), largest=largest, most=most)
        return Reads(
            cache,
            fetcher,
            self._sites,
            exposure(),
            request=self._request,
            link_is_down=self._runtime.link_is_down,
            fairness=self._fairness,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: it is answered by a page of words instead.
            AnswerAbortedError: the answer broke off after it had begun.
        """
        try:
            visit, wanted = self.prompt.met(scope) or await self._admitted(scope)
        except LoginNeeded:
            await self._ask_for_login(scope, send)
            return
        route = visit.admission.route
        visit.exchange.area, visit.exchange.route = route.kind, route.pattern
        if wanted and self._reads and (reply := self._reads.at_once(wanted, visit)):
            await send_reply(reply, visit, send)
            return
        body = RequestBody(receive, self._limit)
        await _unless(body.reader_gone(), self._serve(visit, wanted, body, send))

    async def _admitted(self, scope: Scope) -> tuple[Visit, Wanted | None]:
        """The visit, and what it wants of the cache.

        Raises:
            ProblemError, LoginNeeded: as of ``admit``.
        """
        admission = await admit(
            scope["method"],
            scope["raw_path"],
            scope["headers"],
            mount=self._mount,
            public_url=self._public_url,
            query=scope["query_string"],
        )
        key = self._slots.key(admission.route, scope["raw_path"])
        visit = Visit(scope, admission, self._slots.marker(admission.route, key))
        return visit, self._reads.wanted(visit) if self._reads else None

    async def _serve(self, visit: Visit, wanted: Wanted | None, body: RequestBody, send: Send) -> None:
        if visit.admission.route.kind is Kind.STREAM:
            if await body.begins():
                body.ignore()
            with self._fairness.streaming(await self._fairness.reader(visit)):
                await self._streams.relay(lambda: self._request(visit), visit, send)
            return
        _check_body(visit, body)
        try:
            if not (wanted and visit.method == "GET"):
                await self._pass_on(visit, body, send)
            elif not await self._read(wanted, visit, body, send):
                await self._pass_on(visit, None, send)
        except BodyTooLargeError:
            raise ProblemError(TOO_LARGE) from None
        except UpstreamError as error:
            if isinstance(body.fault, BodyTooLargeError):
                raise ProblemError(TOO_LARGE) from None
            raise ProblemError(self._told(error, visit.admission)) from error

    async def _read(self, wanted: Wanted, visit: Visit, body: RequestBody, send: Send) -> bool:
        """Whether the cache has answered. The body is not read: there is none that counts."""
        assert self._reads is not None, "without a cache nothing is wanted of it"
        body.ignore()
        try:
            await self._reads.answer(wanted, visit, send)
        except NotKeptError:
            visit.exchange.cache = "bypass"
            return False
        return True

    async def _pass_on(self, visit: Visit, body: RequestBody | None, send: Send) -> None:
        async with self._answer(visit, body) as (head, answer):
            chunks = None if visit.method == "HEAD" else answer.chunks()
            await relay(head, chunks, send, visit.exchange)
            _count_corner(visit, head)

    @asynccontextmanager
    async def _answer(self, visit: Visit, body: RequestBody | None) -> AsyncIterator[tuple[Answer, UpstreamAnswer]]:
        """The monitor's answer and what the reader gets of it; the connection is let go in every case."""
        reader = await self._fairness.reader(visit)
        self._fairness.charge(reader, visit)
        admission = visit.admission
        question = Question(visit.method, self._request(visit), admission.route, admission.writes, Claim(reader))
        answer = await self._asked(visit, question, body)
        try:
            try:
                head = self._head(visit, answer)
            except PartOnly:
                if not question.may_repeat:
                    raise
                answer.close()
                answer = await _timed(visit, self._asker.again(question.whole()))
                head = self._head(visit, answer)
            yield head, answer
        except BrokenAnswer as error:
            raise BrokenAnswerError(str(error)) from error
        finally:
            answer.close()

    async def _asked(self, visit: Visit, question: Question, body: RequestBody | None) -> UpstreamAnswer:
        """The monitor's answer; if something may have been changed, the cache knows before the reader does."""
        status = 0
        fields: Sequence[Field] = ()
        try:
            asking = self._asker.ask(question, body) if body else self._asker.again(question)
            answer = await _timed(visit, asking)
            status, fields = answer.status, answer.raw_headers
        except UpstreamError as error:
            status = -1 if not error.sent else 0
            raise
        finally:
            if question.writes and self._cache and status >= 0:
                await self._cache.written(
                    visit.method,
                    status,
                    question.request.target,
                    joined(clean(fields)),
                    named=visit.admission.remote_user is not None,
                )
        return answer

    def _request(self, visit: Visit) -> UpstreamRequest:
        request = upstream_request(
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
        return self._assertion.signed(request) if self._assertion else request

    def _head(self, visit: Visit, answer: UpstreamAnswer) -> Answer:
        return reader_answer(
            answer.status,
            answer.raw_headers,
            asked=Asked.of(visit.method, visit.fields),
            route=visit.admission.route,
            sites=self._sites,
            page=visit.page,
        )

    def _told(self, error: UpstreamError, admission: Admission) -> Problem:
        """The failure in words; the link's record hears of it, too."""
        known = isinstance(error, CircuitOpenError)  # nothing was asked: else the outage would feed itself
        if isinstance(error, LinkDownError) and error.cause is LinkCause.REFUSED and not known:
            self._runtime.record.note(Observation(Place.TUNNEL, ENTRANCE_REFUSES, cause=error.cause))
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


def _check_body(visit: Visit, body: RequestBody) -> None:
    """Refuse a body before it is asked for; one that is too large without saying so is refused while it streams."""
    if visit.method in SAFE_METHODS:
        return
    own = visit.admission.route.upload
    body.limit = body.limit if own is None else min(own, body.limit)
    announced = header(visit.scope, b"content-length")
    if announced.isdecimal() and int(announced) > body.limit:
        raise ProblemError(TOO_LARGE)
    if header(visit.scope, b"content-encoding").strip().lower() not in ("", "identity"):
        raise ProblemError(ENCODED)


def _count_corner(visit: Visit, head: Answer) -> None:
    """What became of the account corner of a whole page; pieces of pages have none."""
    placement = head.rewriter.placement if head.rewriter else None
    if placement and head.status == 200 and visit.admission.route.kind is Kind.PAGE and not visit.of_a_piece:
        metrics.page_corner(placement)


async def _timed(visit: Visit, asking: Coroutine[Any, Any, UpstreamAnswer]) -> UpstreamAnswer:
    exchange = exchange_of(visit.scope)
    begin = time.perf_counter()
    try:
        return await asking
    finally:
        exchange.upstream_seconds = (exchange.upstream_seconds or 0.0) + time.perf_counter() - begin


def _address(scope: Scope) -> str:
    return raw_address(scope).decode("latin-1")


async def _unless(leaves: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and give it up as soon as the reader leaves."""
    recall = Recall()
    watching = asyncio.ensure_future(leaves)
    watching.add_done_callback(lambda _done: recall.end())
    try:
        await work
    except ReaderGoneError:
        pass
    except asyncio.CancelledError as error:
        if not recall.ended(error):
            raise
    finally:
        recall.over()
        watching.cancel()
