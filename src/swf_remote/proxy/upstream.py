"""The pooled client to the monitor: the only module of the gateway that opens sockets to it.

One session per process. It keeps no cookies, follows no redirects, decodes no bodies and changes no URL (traps of the
client library, see docs/architecture.md). Errors leave as the tree of ``proxy.failures`` and nothing else.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    TlsError,
    UpstreamError,
    UpstreamTimeoutError,
)
from swf_remote.proxy.link import Proof
from swf_remote.proxy.trust import FaultLog, Trust, tls_error
from swf_remote.proxy.wire import LONGEST_LINE, MOST_FIELDS, AnswerProtocol

CONNECT_SECONDS = 5.0
BETWEEN_BYTES_SECONDS = 60.0
# Shorter than the 5 s after which Apache closes an idle connection, so that few dead ones are picked up.
KEEP_ALIVE_SECONDS = 4.0
READ_BUFFER = 65_536
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to wait, in seconds."""

    first_byte: float = 90.0
    """From the last byte of the request to the head of the answer."""
    between_bytes: float = BETWEEN_BYTES_SECONDS


PAGE_BUDGET = Budget()
WRITE_BUDGET = Budget(first_byte=60.0)


class Outgoing(Protocol):
    """What is sent to the monitor."""

    @property
    def method(self) -> str:
        """Request method."""

    @property
    def target(self) -> str:
        """Raw path and query on the monitor's host, sent byte for byte."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Header lines; no other is added but ``Host``, lengths and ``Connection``."""


class UpstreamAnswer:
    """The head of the monitor's answer, and its body piece by piece."""

    def __init__(self, response: ClientResponse, budget: Budget) -> None:
        self.status = response.status
        self.raw_headers: Sequence[tuple[bytes, bytes]] = response.raw_headers
        self._response = response
        self._budget = budget
        self._closed: Callable[[], None] | None = None

    def when_closed(self, let_go: Callable[[], None]) -> None:
        """Call this once, when the answer is closed."""
        self._closed = let_go

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, undecoded.

        Raises:
            UpstreamTimeoutError, BrokenAnswerError: it stopped, or ended before its announced end.
        """
        content = self._response.content
        while True:
            try:
                async with asyncio.timeout(self._budget.between_bytes):
                    chunk = await content.readany()
            except TimeoutError:
                raise UpstreamTimeoutError(Phase.BODY) from None
            except BrokenAnswerError:
                raise
            except (aiohttp.ClientError, OSError) as error:
                raise BrokenAnswerError(AnswerFault.CUT) from error
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """Let the connection go: back to the pool if the body was read to its end, else closed."""
        self._response.close()
        let_go, self._closed = self._closed, None
        if let_go is not None:
            let_go()


class UpstreamClient:
    """All requests to one monitor, over at most so many connections at once."""

    def __init__(self, settings: Configuration, connections: int = 100) -> None:
        parts = urlsplit(settings.monitor_url)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._trust = Trust.of(settings)
        self._faults = FaultLog()
        self._server_name = settings.monitor_host or None if parts.scheme == "https" else None
        self._limit = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def proof(self) -> Proof:
        """How the monitor proves who it is."""
        return self._trust.proof

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=self._limit,
                limit_per_host=0,
                # With both given, the library checks the certificate by the request's context and the pins by this.
                ssl=self._trust.pins or self._trust.context,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                ttl_dns_cache=10,
            ),
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
            middlewares=(_own_errors,),
            trace_configs=[_reuse_trace()],
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
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
        trace = SimpleNamespace(reused=False)
        try:
            return await self._noted(request, body, budget, trace)
        except (MonitorSilentError, LinkDownError):
            # An idle connection that the monitor had closed meanwhile says nothing about the monitor.
            may_repeat = repeat and body is None and request.method in SAFE_TO_REPEAT
            if not trace.reused or not may_repeat:
                raise
        return await self._noted(request, None, budget, SimpleNamespace(reused=False))

    async def _noted(
        self, request: Outgoing, body: AsyncIterable[bytes] | None, budget: Budget, trace: SimpleNamespace
    ) -> UpstreamAnswer:
        """One attempt; the log hears of certificates that are not accepted."""
        try:
            answer = await self._send_once(request, body, budget, trace)
        except TlsError as error:
            self._faults.failed(error)
            raise
        self._faults.worked()
        return answer

    async def _send_once(
        self, request: Outgoing, body: AsyncIterable[bytes] | None, budget: Budget, trace: SimpleNamespace
    ) -> UpstreamAnswer:
        assert self._session is not None, "the client is used outside of its lifetime"
        deadline = asyncio.timeout(budget.first_byte)
        try:
            async with deadline:
                response = await self._session.request(
                    request.method,
                    URL(self._root + request.target, encoded=True),
                    headers=CIMultiDict(request.headers),
                    data=None if body is None else _pushing(deadline, budget.first_byte, body),
                    allow_redirects=False,
                    server_hostname=self._server_name,
                    ssl=self._trust.context,
                    trace_request_ctx=trace,
                )
        except TimeoutError:
            raise UpstreamTimeoutError(Phase.FIRST_BYTE) from None
        return UpstreamAnswer(response, budget)


class _Connector(aiohttp.TCPConnector):
    """Connections that speak by ``proxy.wire``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(_protocol, loop=self._loop)


def _protocol(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return AnswerProtocol(loop)


async def _pushing(deadline: asyncio.Timeout, seconds: float, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The body, moving the deadline with each piece: waiting for the answer begins when the request is out."""
    async for chunk in body:
        deadline.reschedule(asyncio.get_running_loop().time() + seconds)
        yield chunk
    deadline.reschedule(asyncio.get_running_loop().time() + seconds)


def _reuse_trace() -> aiohttp.TraceConfig:
    """Notes whether a request went out on a connection that had been idle in the pool."""

    async def reused(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.reused = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(reused)
    return trace


async def _own_errors(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Turns the library's errors into ours; inside the library's own loop, which would else repeat PUT and DELETE."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ServerTimeoutError):
            raise
        raise _own_error(error) from error


def _own_error(error: Exception) -> UpstreamError:
    match error:
        case aiohttp.ServerTimeoutError():
            return UpstreamTimeoutError(Phase.CONNECT)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return tls_error(error)
        case aiohttp.ServerDisconnectedError():
            return MonitorSilentError("closed without an answer")
        case OSError():
            return LinkDownError(_cause(error), connected=not isinstance(error, aiohttp.ClientConnectorError))
        case _:
            return BrokenAnswerError(AnswerFault.NOT_HTTP)


def _cause(error: OSError) -> LinkCause:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return LinkCause.NAME
    if not isinstance(error, aiohttp.ClientConnectorError):
        return LinkCause.RESET
    if isinstance(error.os_error, ConnectionResetError):
        # A tunnel whose far end is gone accepts and hangs up, which a handshake sees as a reset.
        return LinkCause.RESET
    return LinkCause.REFUSED if isinstance(error.os_error, ConnectionRefusedError) else LinkCause.UNREACHABLE
