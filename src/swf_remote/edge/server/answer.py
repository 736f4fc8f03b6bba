"""An answer's framing, from ASGI's messages to bytes on the wire (RFC 9112 6, RFC 9110 8.6 and 15).

The application's own ``Transfer-Encoding`` and ``Connection`` count for nothing but ``close``: framing is done here.
An answer with less or more bytes than it announced raises; then only breaking the connection is honest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus

from swf_remote.edge.server.head import TOKEN

Headers = Iterable[tuple[bytes, bytes]]

BODILESS = frozenset({204, 304})
_NAME = re.compile(TOKEN)
_UNWRITABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({b"connection", b"transfer-encoding", b"keep-alive"})


class BadAnswerError(Exception):
    """The application's answer cannot be put on the wire."""


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


class AnswerFraming:
    """One answer. ``keep_alive`` is false as soon as the connection has to end after it."""

    def __init__(self, *, method: str, version: str, keep_alive: bool) -> None:
        self._head_only = method == "HEAD"
        self._version = version
        self.keep_alive = keep_alive
        self.begun = False
        self.complete = False
        self.ends_with_connection = False
        """Only the connection's end tells the body's end: HTTP/1.0 without a length."""
        self._chunked = False
        self._left: int | None = None

    def head(self, status: int, headers: Headers, always: Headers = ()) -> bytes:
        """Status line and headers; of `always` those that the answer does not bring itself (``Date``, RFC 9110 6.6.1).

        Raises:
            BadAnswerError: a header would break the framing.
        """
        brought = [(name.lower(), value) for name, value in headers]
        names = {name for name, _ in brought}
        added = [field for field in always if field[0] not in names]
        lines = [line for name, value in (*added, *brought) if (line := self._line(name, value, status))]
        self._head_only = self._head_only or status in BODILESS
        if self._left is None and not self._head_only:
            lines.append(self._unmeasured())
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        self.begun = True
        return b"".join((STATUS_LINES.get(status) or _status_line(status), *lines, b"\r\n"))

    def piece(self, body: bytes, *, more: bool) -> bytes:
        """The next piece of the body, as it goes out.

        Raises:
            BadAnswerError: the answer is longer or shorter than it said.
        """
        if not self._head_only and self._left is not None:
            self._count(len(body), more)
        self.complete = not more
        if self._head_only:
            return b""
        if not self._chunked:
            return body
        end = b"" if more else b"0\r\n\r\n"
        return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end

    def _line(self, name: bytes, value: bytes, status: int) -> bytes:
        if not _NAME.fullmatch(name) or _UNWRITABLE.search(value):
            raise BadAnswerError(f"header {name!r} cannot be sent")
        if name in _OURS:
            closes = name == b"connection" and b"close" in value.lower()
            self.keep_alive = self.keep_alive and not closes
            return b""
        if name == b"content-length":
            if status == HTTPStatus.NO_CONTENT:
                return b""
            self._left = self._length(value)
        return b"%b: %b\r\n" % (name, value)

    def _length(self, value: bytes) -> int:
        if self._left is not None or not value.isdigit():
            raise BadAnswerError("the answer's length is not one number")
        return int(value)

    def _unmeasured(self) -> bytes:
        if self._version == "1.1":
            self._chunked = True
            return b"transfer-encoding: chunked\r\n"
        self.ends_with_connection = True
        self.keep_alive = False
        return b""

    def _count(self, size: int, more: bool) -> None:
        assert self._left is not None
        self._left -= size
        if self._left < 0 or (self._left and not more):
            raise BadAnswerError("the answer is longer or shorter than its Content-Length")
