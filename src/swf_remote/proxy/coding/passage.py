"""A body's way through the gateway: decoded, read as UTF-8, rewritten, encoded again; each step only where needed.

Takes the monitor's body in pieces of any size and gives the reader's in pieces; any cut gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from .charsets import Transcoding
from .decoding import Decoding
from .encoding import Encoder


class Rewriting(Protocol):
    """What changes a text on its way."""

    def feed(self, chunk: bytes) -> bytes:
        """The part of the result that is certain now."""

    def finish(self) -> bytes:
        """The rest of the result."""


@dataclass(slots=True)
class Passage:
    """One body's way; what is None is left out."""

    decoding: Decoding | None = None
    transcoding: Transcoding | None = None
    rewriter: Rewriting | None = None
    encoder: Encoder | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that are ready now, none of them empty.

        Raises:
            BrokenBody: the body is not encoded as its head says.
        """
        for piece in self.decoding.pieces(chunk) if self.decoding else (chunk,):
            if out := self._written(piece):
                yield out

    def pause(self) -> bytes:
        """What only the encoder holds back; to be sent when nothing more comes for a while."""
        return self.encoder.pause() if self.encoder else b""

    def finish(self) -> bytes:
        """The rest, when the monitor's body has come to its end.

        Raises:
            BrokenBody: the encoded body is not complete.
        """
        if self.decoding:
            self.decoding.finish()
        rest = self._rewritten_rest(self.transcoding.finish() if self.transcoding else b"")
        if self.encoder is None:
            return rest
        return (self.encoder.feed(rest) if rest else b"") + self.encoder.finish()

    def _written(self, piece: bytes) -> bytes:
        for step in (self.transcoding, self.rewriter, self.encoder):
            if step is not None and piece:
                piece = step.feed(piece)
        return piece

    def _rewritten_rest(self, rest: bytes) -> bytes:
        if self.rewriter is None:
            return rest
        return (self.rewriter.feed(rest) if rest else b"") + self.rewriter.finish()
