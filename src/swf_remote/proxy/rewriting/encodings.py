"""Bodies that the monitor encoded though it was asked not to: undone piece by piece before they are rewritten."""

from __future__ import annotations

import zlib

from swf_remote.proxy.headers import listed

from .placement import Placement
from .streaming import StreamRewriter

_GZIP = 16 + zlib.MAX_WBITS
_KNOWN = frozenset({b"gzip", b"x-gzip", b"deflate", b"identity"})
# A body that swells more than text ever does is an attack on our memory.
_FREE_SIZE = 32 << 20
_LARGEST_RATIO = 500


class BrokenBody(ValueError):  # noqa: N818 - named for what it says
    """The body ends early or is not encoded as its head says; what was passed on so far must not look complete."""


def is_known(content_encoding: bytes) -> bool:
    """Whether all encodings of this ``Content-Encoding`` can be undone."""
    return all(coding.lower() in _KNOWN for coding in listed(content_encoding))


class DecodingRewriter:
    """A rewriter of encoded bodies: takes them encoded, gives them back plain."""

    def __init__(self, inner: StreamRewriter, content_encoding: bytes) -> None:
        self._inner = inner
        codings = [coding.lower() for coding in listed(content_encoding)]
        self._decoders = [_Decoder(coding) for coding in reversed(codings) if coding != b"identity"]
        self._taken = self._given = 0

    @property
    def placement(self) -> Placement | None:
        """As of the rewriter inside."""
        return self._inner.placement

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the encoded body."""
        self._taken += len(chunk)
        for decoder in self._decoders:
            chunk = decoder.feed(chunk)
        self._given += len(chunk)
        if self._given > _FREE_SIZE and self._given > self._taken * _LARGEST_RATIO:
            raise BrokenBody("the encoded body swells beyond measure")
        return self._inner.feed(chunk)

    def finish(self) -> bytes:
        """The rest, if the encoded body was complete."""
        rest = b""
        for decoder in self._decoders:
            rest = decoder.finish(rest)
        return self._inner.feed(rest) + self._inner.finish()


class _Decoder:
    """One encoding undone."""

    def __init__(self, coding: bytes) -> None:
        self._gzip = coding != b"deflate"
        self._zlib = zlib.decompressobj(_GZIP if self._gzip else zlib.MAX_WBITS)
        self._begun = False

    def feed(self, chunk: bytes) -> bytes:
        try:
            return self._decoded(chunk)
        except zlib.error as error:
            raise BrokenBody("the body is not encoded as its head says") from error

    def finish(self, rest: bytes) -> bytes:
        out = self.feed(rest)
        if self._begun and not self._zlib.eof:
            raise BrokenBody("the encoded body ends early")
        return out

    def _decoded(self, chunk: bytes) -> bytes:
        if not self._begun and chunk:
            self._begun = True
            if not self._gzip and chunk[0] & 0x0F != 8:
                # Some servers send "deflate" without the zlib frame that RFC 9110 8.4.1.2 asks for.
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces = [self._zlib.decompress(chunk)]
        while self._zlib.eof and self._gzip and self._zlib.unused_data:
            chunk = self._zlib.unused_data
            self._zlib = zlib.decompressobj(_GZIP)
            pieces.append(self._zlib.decompress(chunk))
        return b"".join(pieces)
