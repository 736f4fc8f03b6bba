"""One request without a body on a connection of its own (HTTP/1.1): written in one piece, read by ``proxy.wire``.

Connections are the client library's, and so is the parser. Its requests and answers are left out: most of what they do
is for cookies, redirects, bodies and encodings, of which a GET of the gateway has none.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from ssl import SSLContext
from typing import Protocol

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError
from swf_remote.proxy.upstream_connector import Connector, in_own_words
from swf_remote.proxy.wire import LONGEST_LINE, MOST_FIELDS

READ_BUFFER = 65_536
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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


class OwnAnswer:
    """An answer on a connection of its own."""

    def __init__(
        self,
        status: int,
        raw_headers: Sequence[tuple[bytes, bytes]],
        content: aiohttp.StreamReader,
        close: Callable[[], None],
    ) -> None:
        self.status = status
        self.raw_headers = raw_headers
        self.close = close
        self._content = content

    def at_once(self) -> bytes | None:
        """What of the body is there; nothing at its end, None where it has to be waited for.

        Raises:
            BrokenAnswerError: it broke off.
        """
        if self._content.at_eof():
            return b""
        try:
            return self._content.read_nowait() or None
        except (aiohttp.ClientError, OSError) as error:
            raise _cut(error) from error

    async def read(self) -> bytes:
        """What of the body is there, as soon as something is; nothing at its end.

        Raises:
            BrokenAnswerError: it broke off.
        """
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise _cut(error) from error


class Exchanges:
    """Asks on the connections of one connector."""

    def __init__(
        self, connector: Connector, root: str, *, context: SSLContext, server_name: str | None, connect_seconds: float
    ) -> None:
        """`root`: scheme and authority of the monitor; `server_name`: the name that its certificate has to bear."""
        self._connector = connector
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)
        loop = asyncio.get_running_loop()
        # Says where connections lead to, and is never sent.
        self._way = aiohttp.ClientRequest("GET", URL(root), loop=loop, ssl=context, server_hostname=server_name)
        self._host = self._way.headers["Host"]

    async def ask(self, request: Outgoing) -> OwnAnswer:
        """The head of the answer, and the way to its body.

        Raises:
            UpstreamError: there is none.
            SharedConnectionError: see ``SharedConnections.own_or_shared``.
        """
        return await in_own_words(self._asked(request))

    async def _asked(self, request: Outgoing) -> OwnAnswer:
        head = head_of(request, self._host)
        try:
            connection = await self._connector.connect(self._way, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        try:
            return await _answered(connection, head, bodiless=request.method == "HEAD")
        except BaseException:
            connection.close()
            raise


def head_of(request: Outgoing, host: str) -> bytes:
    """A request's head on the wire; `host` where it names none itself.

    Raises:
        ValueError: something in it would end a line.
    """
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in request.headers):
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1 or _UNWRITABLE.search(text):
        raise ValueError("a line of the request holds what ends a line")
    return text.replace("\n", "\r\n").encode() + b"\r\n\r\n"


async def _answered(connection: Connection, head: bytes, *, bodiless: bool) -> OwnAnswer:
    protocol = connection.protocol
    if protocol is None or protocol.transport is None:
        raise aiohttp.ClientConnectionResetError("the connection is gone")
    protocol.set_response_params(
        skip_payload=bodiless,
        read_until_eof=True,
        auto_decompress=False,
        read_bufsize=READ_BUFFER,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        max_headers=MOST_FIELDS,
    )
    protocol.transport.write(head)
    message, content = await protocol.read()
    while message.code < 200:
        # Interim answers; those that have no place are refused by the protocol.
        message, content = await protocol.read()
    content.on_eof(connection.release)
    return OwnAnswer(message.code, message.raw_headers, content, lambda: _close(connection, content))


def _close(connection: Connection, content: aiohttp.StreamReader) -> None:
    """Whoever still waits for the body must not wait for ever."""
    if not content.is_eof() and content.exception() is None:
        content.set_exception(aiohttp.ClientConnectionError("the connection was closed"))
    connection.close()


def _cut(error: Exception) -> Exception:
    if isinstance(error, (TimeoutError, BrokenAnswerError)):
        return error
    return BrokenAnswerError(AnswerFault.CUT)
