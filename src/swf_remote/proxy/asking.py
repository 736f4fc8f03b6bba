"""One admitted request put to the monitor, with its body, until an answer's head is there.

The monitor's server takes no body of unknown length (contract 1.1: mod_wsgi), so a short one is measured first; longer
ones stream as they come. Forms get the monitor's paths back on the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Collection
from dataclasses import dataclass, field, replace

from swf_remote.edge.exchange import current_exchange
from swf_remote.edge.telemetry import traces
from swf_remote.proxy.body import RequestBody
from swf_remote.proxy.capacity.client import Lane, LanedClient
from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.form import LARGEST_MAPPED, is_form, posted_back
from swf_remote.proxy.policy.routes import SAFE_METHODS, Kind, Route
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.upstream import WRITE_BUDGET, Budget, UpstreamAnswer

LARGEST_MEASURED = 1 << 20
METHOD_NOT_ALLOWED = 405
LANES = {Kind.PAGE: Lane.PAGE, Kind.DATA: Lane.DATA, Kind.STATIC: Lane.STATIC}


def lane_of(route: Route, *, writes: bool) -> Lane:
    """Which connections a question of this row may use."""
    return Lane.WRITE if writes else LANES.get(route.kind, Lane.DATA)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    method: str
    """The reader's method."""
    request: UpstreamRequest
    route: Route
    writes: bool
    claim: Claim = field(default_factory=Claim)
    """Who waits for the answer."""

    @property
    def budget(self) -> Budget:
        """How long the monitor may take."""
        return WRITE_BUDGET if self.writes else Budget(first_byte=self.route.first_byte)

    @property
    def lane(self) -> Lane:
        """Which connections it may use."""
        return lane_of(self.route, writes=self.writes)

    @property
    def may_repeat(self) -> bool:
        """Whether asking twice does nothing that asking once does not (contract 10, quirk 16)."""
        return self.method in SAFE_METHODS and not (self.writes or self.route.effects)

    def whole(self) -> Question:
        """The same question for all of the body, under no condition."""
        return replace(self, request=self.request.whole())


class Asker:
    """Asks one monitor."""

    def __init__(self, client: LanedClient, sites: Sites, form_fields: Collection[str]) -> None:
        self._client = client
        self._sites = sites
        self._form_fields = form_fields

    async def ask(self, question: Question, body: RequestBody) -> UpstreamAnswer:
        """The monitor's answer to `question` with the reader's `body`.

        Raises:
            UpstreamError: there is none.
            BodyTooLargeError, ReaderGoneError: the body was not read to its end; if that happened while it was being
                sent, an ``UpstreamError`` comes out and the body's ``fault`` says so.
        """
        request, sent = question.request, None
        if await body.begins():
            request, sent = await self._with(question, body)
        answer = await self._send(question, request, sent)
        if answer.status == METHOD_NOT_ALLOWED and request.method == "HEAD":
            # Some of the monitor's views know GET only (contract 11); its answer tells what HEAD would.
            answer.close()
            return await self.again(replace(question, request=replace(request, method="GET")))
        return answer

    async def again(self, question: Question) -> UpstreamAnswer:
        """The monitor's answer to a question without a body.

        Raises:
            UpstreamError: there is none.
        """
        return await self._send(question, question.request, None)

    async def _send(
        self, question: Question, request: UpstreamRequest, body: AsyncIterable[bytes] | None
    ) -> UpstreamAnswer:
        exchange = current_exchange()
        with traces.question(exchange.trace if exchange else None, request.method, question.lane) as span:
            if span is not None:
                request = request.within_trace(span.traceparent)
            answer = await self._client.send(
                request,
                lane=question.lane,
                body=body,
                budget=question.budget,
                repeat=question.may_repeat,
                claim=question.claim,
            )
            if span is not None:
                span.answered(answer.status)
        return answer

    async def _with(self, question: Question, body: RequestBody) -> tuple[UpstreamRequest, AsyncIterable[bytes] | None]:
        if question.method in SAFE_METHODS:
            body.ignore()
            return question.request, None
        named = dict(question.request.headers)
        content_type = named.get("content-type", "").encode("latin-1")
        mapped = question.route.rewrites and is_form(content_type) and bool(self._form_fields)
        announced = int(named.get("content-length", -1))
        if announced >= 0 and (not mapped or announced > LARGEST_MAPPED):
            return question.request, body
        whole = await body.whole(LARGEST_MEASURED)
        if whole is None:
            return question.request, body
        if mapped:
            whole = posted_back(whole, content_type, self._form_fields, self._sites)
        return question.request.of_length(len(whole)), _one(whole) if whole else None


async def _one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
