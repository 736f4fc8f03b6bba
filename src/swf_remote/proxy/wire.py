"""The client library's protocol with the limits and refusals that it lacks.

It would take a thousand interim answers, a switch of protocols nobody asked for, statuses outside of RFC 9110 15 and
unknown transfer codings; it also hides whether an answer had begun before the connection broke. Here each of these
becomes a ``BrokenAnswerError`` with its fault, and the library hands that on untouched.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage, BadStatusLine, LineTooLong
from aiohttp.http_parser import RawResponseMessage

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError

HTTP1, HTTP2 = "http/1.1", "h2"
"""Names of the protocols (RFC 7301, RFC 9113 3.1)."""
LONGEST_LINE = 32_768
MOST_FIELDS = 128
LARGEST_HEAD = 131_072
MOST_INTERIM = 16
LOWEST_STATUS, HIGHEST_STATUS = 200, 599
_FRAMING = {
    "content-length": AnswerFault.LENGTH,
    "transfer-encoding": AnswerFault.LENGTH,
    "chunk": AnswerFault.CHUNKS,
    "too many headers": AnswerFault.HEAD,
}


class AnswerProtocol(ResponseHandler):
    """One connection to the monitor."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.speaks = HTTP1
        """What the handshake agreed on."""
        self._interim = 0
        self._beginning = b""
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        self.speaks = (connection.selected_alpn_protocol() if connection is not None else None) or HTTP1
        if self.speaks == HTTP2 and self.transport is not None:
            # Its first bytes are for whoever takes it over.
            self.transport.pause_reading()

    def handed_over(self) -> asyncio.Transport | None:
        """The transport, which another protocol takes over; None if the connection is gone already."""
        transport, self.transport = self.transport, None
        return None if transport is None or transport.is_closing() else transport

    def set_response_params(self, **options: Any) -> None:
        """A new request begins on this connection."""
        self._interim = 0
        self._beginning = b""
        super().set_response_params(**options)

    def data_received(self, data: bytes) -> None:
        """Bytes came; the first ones are kept to tell what they were."""
        if len(self._beginning) < 16:
            self._beginning += data[:16]
        super().data_received(data)

    def feed_data(self, data: tuple[RawResponseMessage, Any], size: int = 0) -> None:
        """The head of an answer, interim ones included; what came along with a refused one counts no more."""
        if self._refused:
            return
        fault = self._fault_of(data[0])
        if fault is None:
            super().feed_data(data, size)
            return
        self._refused = True
        if self.transport is not None:
            self.transport.close()
        self.set_exception(BrokenAnswerError(fault))

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """An error of the library; once an answer has begun, it is about that answer and not about the link."""
        told = self._told(exc, cause[0] if cause else exc) if self._beginning else exc
        if self._payload is not None and not self._payload.is_eof() and isinstance(told, BrokenAnswerError):
            # The library leaves whoever reads the body waiting when a later chunk is malformed. A body that is whole
            # stays so, however its connection ends while somebody still reads it.
            self._payload.set_exception(told)
        super().set_exception(told, *cause)

    def _fault_of(self, head: RawResponseMessage) -> AnswerFault | None:
        if head.code in range(100, 200) and head.code != 101:
            self._interim += 1
            return AnswerFault.INTERIM if self._interim > MOST_INTERIM else None
        if not LOWEST_STATUS <= head.code <= HIGHEST_STATUS or head.version.major != 1:
            return AnswerFault.NOT_HTTP
        if sum(len(name) + len(value) + 4 for name, value in head.raw_headers) > LARGEST_HEAD:
            return AnswerFault.HEAD
        codings = [value.strip().lower() for name, value in head.raw_headers if name.lower() == b"transfer-encoding"]
        return AnswerFault.LENGTH if codings not in ([], [b"chunked"]) else None

    def _told(self, error: BaseException, origin: BaseException) -> BaseException:
        if isinstance(origin, BadHttpMessage):
            if isinstance(origin, BadStatusLine) and self._beginning.lstrip().startswith(b"<"):
                return BrokenAnswerError(AnswerFault.HEADLESS)
            return BrokenAnswerError(fault_of_message(origin))
        if isinstance(error, (ClientError, OSError)) and not isinstance(error, TimeoutError):
            return BrokenAnswerError(AnswerFault.CUT)
        return error


def fault_of_message(error: BadHttpMessage) -> AnswerFault:
    """What is wrong with an answer that the library's parser refuses; its message's first line is its own words."""
    if isinstance(error, LineTooLong):
        return AnswerFault.HEAD
    words = str(error.message).strip().partition("\n")[0].lower()
    return next((fault for part, fault in _FRAMING.items() if part in words), AnswerFault.NOT_HTTP)
