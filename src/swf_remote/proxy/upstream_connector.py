"""Opens the connections to the monitor, and turns the client library's errors into ours.

Each new connection offers HTTP/2 where it is wanted; what the monitor chooses goes to the shared connections of
``proxy.http2``, any other is the library's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace

from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    UpstreamError,
    UpstreamTimeoutError,
)
from swf_remote.proxy.http2.pool import Dial, SharedConnections
from swf_remote.proxy.trust import tls_error
from swf_remote.proxy.wire import AnswerProtocol


@dataclass(slots=True)
class Attempt:
    """One sending of a request."""

    made_after: float | None = None
    """Only a connection made after this will do, by the loop's clock; None: any."""
    reused: bool = False
    """It went out on a connection that had been idle."""
    untouched: bool = False
    """The monitor has said that it did nothing with it."""

    def says_nothing(self, error: UpstreamError) -> bool:
        """Whether `error` says nothing of the monitor: it had closed an idle connection, or would not begin."""
        return self.untouched or (self.reused and isinstance(error, (MonitorSilentError, LinkDownError)))


_Answer = TypeVar("_Answer")
ATTEMPT: ContextVar[Attempt] = ContextVar("attempt")


class Connector(aiohttp.TCPConnector):
    """Connections that speak by ``proxy.wire`` or by ``proxy.http2``."""

    def __init__(self, shared: SharedConnections | None, **options: Any) -> None:
        """`shared` where HTTP/2 is wanted."""
        super().__init__(**options)
        self._factory = partial(_protocol, loop=self._loop)
        self._shared = shared

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        attempt = ATTEMPT.get()
        if attempt.made_after is not None:
            # Where one idle connection had died the others may have, too.
            return None
        connection = await super()._get(key, traces)
        while connection is not None and connection.protocol is not None and connection.protocol.should_close:
            # The monitor said something unasked, such as 408 on its way out: not an answer to this request.
            connection.close()
            connection = await super()._get(key, traces)
        attempt.reused = connection is not None
        return connection

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - overrides
    ) -> ResponseHandler:
        dial = partial(super()._create_connection, req, traces, timeout)
        if self._shared is None:
            return await dial()
        keep = partial(self._release, req.connection_key)
        return await self._shared.own_or_shared(cast(Dial, dial), keep, made_after=ATTEMPT.get().made_after or 0.0)


def _protocol(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return AnswerProtocol(loop)


async def own_errors(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Turns the library's errors into ours; inside the library's own loop, which would else repeat PUT and DELETE."""
    return await in_own_words(handler(request))


async def in_own_words(asking: Awaitable[_Answer]) -> _Answer:
    """What comes of `asking`.

    Raises:
        UpstreamError: in the place of an error of the library.
        TimeoutError: one that is not the library's.
    """
    try:
        return await asking
    except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
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
