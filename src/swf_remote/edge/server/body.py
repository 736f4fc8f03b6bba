"""A request's body, from bytes on the wire to bytes that count (RFC 9112 6 and 7.1).

``feed`` returns the body's next bytes and what follows its end; ``done`` says that the end was there. Chunk extensions
and trailer fields are checked and forgotten: a trailer never becomes a header.
"""

from __future__ import annotations

import re
from typing import Protocol

from swf_remote.edge.server.head import TOKEN, Head, field_fault
from swf_remote.edge.server.refused import malformed

LONGEST_SIZE_LINE = 256
LARGEST_TRAILERS = 8192

_EXTENSION = rb";" + TOKEN + rb"(?:=(?:" + TOKEN + rb'|"[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]*"))?'
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:" + _EXTENSION + rb")*")


class Body(Protocol):
    """A body on its way in."""

    done: bool

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The body's bytes in `data`, and what comes after the body.

        Raises:
            RefusedError: the framing is broken.
        """


def body_of(head: Head) -> Body:
    """The reader for the body that this head announces."""
    return ChunkedBody() if head.length is None else MeasuredBody(head.length)


class MeasuredBody:
    """As many bytes as ``Content-Length`` said."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """See ``Body``."""
        piece, rest = data[: self._left], data[self._left :]
        self._left -= len(piece)
        self.done = not self._left
        return piece, rest


class ChunkedBody:
    """Chunks until the one of size 0, then trailer lines until the empty one."""

    def __init__(self) -> None:
        self.done = False
        self._line = bytearray()
        self._left = 0
        self._take = self._size_line
        self._trailers = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """See ``Body``."""
        pieces, at = [], 0
        while at < len(data) and not self.done:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                at += len(piece)
            else:
                at = self._line_from(data, at)
        return b"".join(pieces), data[at:]

    def _line_from(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at) + 1
        self._line += data[at : end or len(data)]
        if len(self._line) > (LARGEST_TRAILERS if self._take == self._trailer else LONGEST_SIZE_LINE):
            raise malformed("A chunk's first line or a trailer is too long")
        if not end:
            return len(data)
        line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            raise malformed("A chunk's line does not end with CR LF")
        self._take(line[:-2])
        return end

    def _size_line(self, line: bytes) -> None:
        found = _SIZE_LINE.fullmatch(line)
        if not found:
            raise malformed("A chunk's size is not one")
        self._left = int(found[1], 16)
        self._take = self._chunk_end if self._left else self._trailer

    def _chunk_end(self, line: bytes) -> None:
        if line:
            raise malformed("A chunk is longer than its size")
        self._take = self._size_line

    def _trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
            return
        self._trailers += len(line)
        if self._trailers > LARGEST_TRAILERS:
            raise malformed("The trailers are too large")
        if fault := field_fault(line):
            raise malformed(fault)
