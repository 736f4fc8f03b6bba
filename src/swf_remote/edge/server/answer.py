"""An answer's framing, from ASGI's messages to bytes on the wire (RFC 9112 6, RFC 9110 8.6 and 15).

The application's own ``Transfer-Encoding`` and ``Connection`` count for nothing but ``close``: framing is done here.
An answer with less or more bytes than it announced raises; then only breaking the connection is honest.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus

from swf_remote.edge.server.head import TOKEN

Headers = Collection[tuple[bytes, bytes]]

BODILESS = frozenset({204, 304})
_NAME = re.compile(TOKEN)
_UNWRITABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING = frozenset({b"connection", b"transfer-encoding", b"keep-alive", b"content-length"})
# Most lines are those of earlier answers; longer ones are not worth the memory.
LONGEST_REMEMBERED = 1024


class BadAnswerError(Exception):
    """The application's answer cannot be put on the wire."""


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


def _field(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """The name in lower case, and the whole line."""
    lowered = name.lower()
    if not _NAME.fullmatch(lowered) or _UNWRITABLE.search(value):
        raise BadAnswerError(f"header {name!r} cannot be sent")
    return lowered, b"%b: %b\r\n" % (lowered, value)


_remembered_field = lru_cache(maxsize=1024)(_field)


def _fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [
        _remembered_field(name, value) if len(value) <= LONGEST_REMEMBERED else _field(name, value)
        for name, value in headers
    ]


# The one field that every answer has changes each second.
@lru_cache(maxsize=4)
def lines_of(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """These fields as they stand in a head."""
    return b"".join([line for _, line in _fields(headers)])


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
        brought = _fields(headers)
        names = {name for name, _ in brought}
        lines = [STATUS_LINES.get(status) or _status_line(status)]
        lines += [line for name, line in _fields(always) if name not in names]
        lines += [line for name, line in brought if name not in _FRAMING]
        for name, value in [field for field in headers if field[0].lower() in _FRAMING]:
            self._frame(name.lower(), value, status, lines)
        self._head_only = self._head_only or status in BODILESS
        if self._left is None and not self._head_only:
            lines.append(self._unmeasured())
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        self.begun = True
        lines.append(b"\r\n")
        return b"".join(lines)

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

    def _frame(self, name: bytes, value: bytes, status: int, lines: list[bytes]) -> None:
        """What the application says about framing: of that only a length is sent on."""
        if name == b"connection":
            self.keep_alive = self.keep_alive and b"close" not in value.lower()
        elif name == b"content-length" and status != HTTPStatus.NO_CONTENT:
            self._left = self._length(value)
            lines.append(_field(name, value)[1])

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
