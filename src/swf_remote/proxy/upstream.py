"""The pooled client to the monitor: the only one of the gateway that opens sockets to it (``upstream_connector``).

One session per process. It keeps no cookies, follows no redirects, decodes no bodies and changes no URL (traps of the
client library, see docs/architecture.md). Errors leave as the tree of ``proxy.failures`` and nothing else. HTTP/2 where
the monitor's TLS offers it, HTTP/1.1 elsewhere; whoever asks does not see which.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import Phase, TlsError, UpstreamError, UpstreamTimeoutError
from swf_remote.proxy.http2.connection import Connection
from swf_remote.proxy.http2.heads import request_fields
from swf_remote.proxy.http2.pool import SharedConnectionError, SharedConnections
from swf_remote.proxy.link import Proof
from swf_remote.proxy.trust import FaultLog, Trust
from swf_remote.proxy.upstream_connector import ATTEMPT, Attempt, Connector, own_errors
from swf_remote.proxy.upstream_exchange import READ_BUFFER, Exchanges, Outgoing, OwnAnswer
from swf_remote.proxy.wire import LONGEST_LINE, MOST_FIELDS

CONNECT_SECONDS = 5.0
BETWEEN_BYTES_SECONDS = 60.0
# Shorter than the 5 s after which Apache closes an idle connection, so that few dead ones are picked up.
KEEP_ALIVE_SECONDS = 4.0
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to wait, in seconds."""

    first_byte: float = 90.0
    """From the last byte of the request to the head of the answer."""
    between_bytes: float = BETWEEN_BYTES_SECONDS


PAGE_BUDGET = Budget()
WRITE_BUDGET = Budget(first_byte=60.0)


class _Source(Protocol):
    """An answer in either protocol."""

    @property
    def status(self) -> int: ...

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]: ...

    def at_once(self) -> bytes | None:
        """What of the body is there; nothing at its end, None where it has to be waited for."""

    async def read(self) -> bytes:
        """The next piece of the body; nothing at its end."""

    def close(self) -> None: ...


class UpstreamAnswer:
    """The head of the monitor's answer, and its body piece by piece."""

    def __init__(self, source: _Source, budget: Budget) -> None:
        self.status = source.status
        self.raw_headers = source.raw_headers
        self._source = source
        self._budget = budget
        self._closed: Callable[[], None] | None = None
        self._turn: Callable[[], Awaitable[None]] | None = None

    def in_turns(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Wait for this before each piece of the body is handed on."""
        self._turn = turn

    def when_closed(self, let_go: Callable[[], None]) -> None:
        """Call this once, when the answer is closed."""
        self._closed = let_go

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, undecoded.

        Raises:
            UpstreamTimeoutError, BrokenAnswerError: it stopped, or ended before its announced end.
        """
        while True:
            chunk = self._source.at_once()
            if chunk is None:
                chunk = await self._next()
            if not chunk:
                return
            if self._turn is not None:
                await self._turn()
            yield chunk

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._budget.between_bytes):
                return await self._source.read()
        except TimeoutError:
            raise UpstreamTimeoutError(Phase.BODY) from None

    def close(self) -> None:
        """Let the connection go: back to the pool if the body was read to its end, else closed.

        A shared connection stays; the monitor is told to stop.
        """
        self._source.close()
        let_go, self._closed = self._closed, None
        if let_go is not None:
            let_go()


class UpstreamClient:
    """All requests to one monitor, over at most so many connections at once."""

    def __init__(self, settings: Configuration, connections: int = 100) -> None:
        parts = urlsplit(settings.monitor_url)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._authority = parts.netloc
        self._multiplexes = parts.scheme == "https" and settings.monitor_http2 == "auto"
        self._trust = Trust.of(settings)
        self._faults = FaultLog()
        self._server_name = settings.monitor_host or None if parts.scheme == "https" else None
        self._limit = connections
        self._session: aiohttp.ClientSession | None = None
        self._exchanges: Exchanges | None = None
        self._shared: SharedConnections | None = None

    @property
    def proof(self) -> Proof:
        """How the monitor proves who it is."""
        return self._trust.proof

    async def __aenter__(self) -> Self:
        if self._multiplexes:
            self._shared = SharedConnections(self._trust.context.set_alpn_protocols)
        connector = Connector(
            self._shared,
            limit=self._limit,
            limit_per_host=0,
            # With both given, the library checks the certificate by the request's context and the pins by this.
            ssl=self._trust.pins or self._trust.context,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            ttl_dns_cache=10,
        )
        self._exchanges = Exchanges(
            connector,
            self._root,
            context=self._trust.context,
            server_name=self._server_name,
            connect_seconds=CONNECT_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            requote_redirect_url=False,
            trust_env=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=CONNECT_SECONDS, sock_read=None),
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            max_headers=MOST_FIELDS,
            read_bufsize=READ_BUFFER,
            middlewares=(own_errors,),
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._shared is not None:
            await self._shared.close()
            self._shared = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        request: Outgoing,
        *,
        body: AsyncIterable[bytes] | None = None,
        budget: Budget = PAGE_BUDGET,
        repeat: bool = True,
    ) -> UpstreamAnswer:
        """Send one request; the answer's head is there when this returns. Close the answer in every case.

        Args:
            repeat: a request without effects may go out once more when an idle connection had died (RFC 9110 9.2.2).

        Raises:
            UpstreamError: one of its kinds; never an error of the client library.
        """
        begun = asyncio.get_running_loop().time()
        attempt = Attempt()
        try:
            return await self._noted(request, body, budget, attempt)
        except UpstreamError as error:
            may_repeat = repeat and body is None and request.method in SAFE_TO_REPEAT
            if not may_repeat or not attempt.says_nothing(error):
                raise
        return await self._noted(request, None, budget, Attempt(made_after=begun))

    async def _noted(
        self, request: Outgoing, body: AsyncIterable[bytes] | None, budget: Budget, attempt: Attempt
    ) -> UpstreamAnswer:
        """One attempt; the log hears of certificates that are not accepted."""
        try:
            answer = await self._send_once(request, body, budget, attempt)
        except TlsError as error:
            self._faults.failed(error)
            raise
        self._faults.worked()
        return answer

    async def _send_once(
        self, request: Outgoing, body: AsyncIterable[bytes] | None, budget: Budget, attempt: Attempt
    ) -> UpstreamAnswer:
        wait = _Wait(budget.first_byte)
        sent = None if body is None else wait.moved_by(body)
        token = ATTEMPT.set(attempt)
        try:
            async with wait.deadline:
                return UpstreamAnswer(await self._asked(request, sent, attempt), budget)
        except TimeoutError:
            raise UpstreamTimeoutError(Phase.FIRST_BYTE) from None
        finally:
            wait.over = True
            ATTEMPT.reset(token)

    async def _asked(self, request: Outgoing, body: AsyncGenerator[bytes, None] | None, attempt: Attempt) -> _Source:
        connection = self._shared.take(attempt.made_after or 0.0) if self._shared else None
        if connection is None:
            try:
                return await self._asked_alone(request, body)
            except SharedConnectionError as found:
                connection = found.connection
        return await self._asked_together(connection, request, body, attempt)

    async def _asked_alone(self, request: Outgoing, body: AsyncIterable[bytes] | None) -> _Source:
        assert self._session and self._exchanges, "the client is used outside of its lifetime"
        if body is None and request.method in SAFE_TO_REPEAT:
            return await self._exchanges.ask(request)
        response = await self._session.request(
            request.method,
            URL(self._root + request.target, encoded=True),
            headers=CIMultiDict(request.headers),
            data=body,
            allow_redirects=False,
            server_hostname=self._server_name,
            ssl=self._trust.context,
        )
        return OwnAnswer(response.status, response.raw_headers, response.content, response.close)

    async def _asked_together(
        self, connection: Connection, request: Outgoing, body: AsyncGenerator[bytes, None] | None, attempt: Attempt
    ) -> _Source:
        fields = request_fields(request.method, request.target, request.headers, self._authority)
        had_answered = connection.answers > 0
        try:
            return await connection.ask(request.method, fields, body)
        except UpstreamError as error:
            attempt.untouched = not error.sent
            attempt.reused = had_answered and connection.died
            raise


class _Wait:
    """The wait for an answer, which begins when the request is out."""

    def __init__(self, seconds: float) -> None:
        self.deadline = asyncio.timeout(seconds)
        self.over = False
        self._seconds = seconds

    async def moved_by(self, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """The body; each piece moves the deadline."""
        async for chunk in body:
            self._begin_anew()
            yield chunk
        self._begin_anew()

    def _begin_anew(self) -> None:
        # An answer may come before the body is out.
        if not self.over:
            self.deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
