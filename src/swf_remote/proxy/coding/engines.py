"""One content coding undone, in bounded pieces: gzip and deflate (RFC 9110 8.4.1), br (RFC 7932), zstd (RFC 8878).

However little input a piece of output needs, no engine gives more than some megabytes at once; the caller counts them
and stops what swells beyond measure.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
import zstandard

_PIECE = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f"
# A decoder of HTTP need not take larger windows (RFC 9659 3).
_ZSTD_WINDOW = 8 << 20
# The library has no limit of its output. Four bytes can stand for a block of 128 kB, so this many give 8 MB at most.
_ZSTD_SLICE = 256
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_HEADER = 18

ERRORS: tuple[type[Exception], ...] = (zlib.error, brotli.error, zstandard.ZstdError)
"""What engines raise when the input is not of their coding."""


class Engine(Protocol):
    """Undoes one coding."""

    @property
    def whole(self) -> bool:
        """Whether the input could end here: nothing has come, or all that was begun is complete."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """All that `data` stands for.

        Raises:
            ERRORS: it is not of this coding.
        """


class Gzip:
    """One or more gzip members; what follows them and begins no member is no part of the content."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    @property
    def whole(self) -> bool:
        """See ``Engine``."""
        return self._member.eof or not self._begun

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Engine``."""
        while data:
            if self._member.eof:
                if not data.startswith(_GZIP_MAGIC):
                    return
                self._member = zlib.decompressobj(_GZIP)
            self._begun = True
            yield from _inflated(self._member, data)
            data = self._member.unused_data


class Deflate:
    """The zlib format, or the bare one that some servers send in its place."""

    def __init__(self) -> None:
        self._inflating: zlib._Decompress | None = None

    @property
    def whole(self) -> bool:
        """See ``Engine``."""
        return self._inflating is None or self._inflating.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Engine``."""
        if not data:
            return
        if self._inflating is None:
            framed = data[0] & 0x0F == 8
            self._inflating = zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        if not self._inflating.eof:
            yield from _inflated(self._inflating, data)


class Brotli:
    """One brotli stream; what follows it is an error, wherever the body was cut."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    @property
    def whole(self) -> bool:
        """See ``Engine``."""
        return not self._begun or bool(self._stream.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Engine``."""
        if not data:
            return
        if self._stream.is_finished():
            raise brotli.error("more than one stream")
        self._begun = True
        more = True
        while more:
            piece = self._stream.process(data, output_buffer_limit=_PIECE)
            yield piece
            data = b""
            # All input may be taken while output is still held back, so it is asked until it gives nothing.
            more = not self._stream.is_finished() and (bool(piece) or not self._stream.can_accept_more_data())


class Zstandard:
    """One or more zstd frames."""

    def __init__(self) -> None:
        self._frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._begun = False
        self._open()

    @property
    def whole(self) -> bool:
        """See ``Engine``."""
        return self._frame.eof or not self._begun

    def _open(self) -> None:
        self._frame = self._frames.decompressobj()
        self._header = b""
        self._given = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Engine``."""
        for start in range(0, len(data), _ZSTD_SLICE):
            yield from self._taken(data[start : start + _ZSTD_SLICE])

    def _taken(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame.eof:
                self._open()
            # A frame in one piece is judged by another part of the library, which refuses other things.
            part, rest = (data[:1], data[1:]) if not self._header else (data, b"")
            self._begun = True
            self._header += part[: _ZSTD_HEADER - len(self._header)]
            piece = self._frame.decompress(part)
            self._given += len(piece)
            if self._frame.eof:
                self._check_size()
            yield piece
            data = self._frame.unused_data + rest if self._frame.eof else rest

    def _check_size(self) -> None:
        """A frame may announce its size; of one that comes in pieces the library does not compare it."""
        if not self._header.startswith(_ZSTD_MAGIC):
            return
        announced = zstandard.get_frame_parameters(self._header).content_size
        if announced not in (zstandard.CONTENTSIZE_UNKNOWN, self._given):
            raise zstandard.ZstdError("the frame is not as long as it says")


def _inflated(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    piece = member.decompress(data, _PIECE)
    yield piece
    # A full piece may hide more, even where all input is taken.
    while (member.unconsumed_tail or len(piece) == _PIECE) and not member.eof:
        piece = member.decompress(member.unconsumed_tail, _PIECE)
        yield piece


ENGINES: dict[bytes, Callable[[], Engine]] = {
    b"gzip": Gzip,
    b"x-gzip": Gzip,
    b"deflate": Deflate,
    b"br": Brotli,
    b"zstd": Zstandard,
}
"""By the coding's name in lower case."""
