"""The monitor's ``Content-Encoding`` undone, and a guard against bodies that swell beyond measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swf_remote.proxy.headers import listed

from .engines import ENGINES, ERRORS, Engine

# More than one is rare, more than these is an attack.
_MOST_CODINGS = 4
# A body that swells more than text ever does is an attack on our time.
_FREE_SIZE = 32 << 20
_LARGEST_RATIO = 500


class BrokenBody(ValueError):  # noqa: N818 - named for what it says
    """The body ends early or is not encoded as its head says; what was passed on so far must not look complete."""


def codings_of(content_encoding: bytes) -> tuple[bytes, ...]:
    """The codings of a ``Content-Encoding`` in the order in which they were applied, ``identity`` left out."""
    return tuple(coding.lower() for coding in listed(content_encoding) if coding.lower() != b"identity")


def can_decode(codings: Sequence[bytes]) -> bool:
    """Whether all these codings can be undone."""
    return len(codings) <= _MOST_CODINGS and all(coding in ENGINES for coding in codings)


class Decoding:
    """One body's codings undone."""

    def __init__(self, codings: Sequence[bytes]) -> None:
        """`codings` as ``codings_of`` gives them; ``can_decode`` must have said yes."""
        self._engines = [ENGINES[coding]() for coding in reversed(codings)]
        self._taken = self._given = 0

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What the next piece of the encoded body stands for.

        Raises:
            BrokenBody: it is not of these codings, or swells beyond measure.
        """
        self._taken += len(chunk)
        try:
            for piece in _through(self._engines, chunk):
                self._given += len(piece)
                self._check_size()
                yield piece
        except ERRORS as error:
            raise BrokenBody("the body is not encoded as its head says") from error

    def finish(self) -> None:
        """The encoded body has ended.

        Raises:
            BrokenBody: it is not complete.
        """
        if not all(engine.whole for engine in self._engines):
            raise BrokenBody("the encoded body ends early")

    def _check_size(self) -> None:
        if self._given > _FREE_SIZE and self._given > self._taken * _LARGEST_RATIO:
            raise BrokenBody("the encoded body swells beyond measure")


def _through(engines: Sequence[Engine], data: bytes) -> Iterator[bytes]:
    if not engines:
        yield data
        return
    for piece in engines[0].pieces(data):
        yield from _through(engines[1:], piece)
