"""Changes to a text as a list of edits, and how an edit found in decoded text is carried back to its source.

A scanner never copies: it looks at bytes and notes what to replace. Bytes that no edit names stay as they were.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Escapes that would swallow a digit which follows them: a slash that was written so is written plainly.
_OPEN_ENDED = re.compile(rb"\\[0-9A-Fa-f]+\s*|&#[xX]?[0-9A-Fa-f]+")


class Edit(NamedTuple):
    """Replace ``text[start:end]``; edits of one text are in order and do not overlap."""

    start: int
    end: int
    new: bytes


def applied(text: bytes, start: int, end: int, edits: Sequence[Edit]) -> bytes:
    """``text[start:end]`` with `edits`, all of which lie inside."""
    if not edits:
        return text[start:end]
    pieces: list[bytes] = []
    for edit in edits:
        pieces += (text[start : edit.start], edit.new)
        start = edit.end
    pieces.append(text[start:end])
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A piece of source text without its escapes, and where each part of it came from."""

    text: bytes
    origins: list[int]
    """Positions in `text` at which a run begins; from there on both sides advance together."""
    sources: list[int]
    """The source position of each run's first byte."""

    def source(self, position: int) -> int:
        """The source position of the byte at `position`."""
        run = bisect_right(self.origins, position) - 1
        return self.sources[run] + position - self.origins[run]


class Decoding:
    """Collects the runs of a ``Decoded``: plain stretches as they are, escapes as what they stand for."""

    def __init__(self, start: int) -> None:
        self._pieces: list[bytes] = []
        self._length = 0
        self._origins = [0]
        self._sources = [start]

    def plain(self, piece: bytes) -> None:
        """Add a stretch that stands for itself."""
        self._pieces.append(piece)
        self._length += len(piece)

    def escape(self, meaning: bytes, source: int, after: int) -> None:
        """Add what an escape stands for; it begins at `source`, and source text goes on at `after`."""
        for place in range(len(meaning)):
            self._run(self._length + place, source)
        self.plain(meaning)
        self._run(self._length, after)

    def decoded(self) -> Decoded:
        """All that was added."""
        return Decoded(b"".join(self._pieces), self._origins, self._sources)

    def _run(self, origin: int, source: int) -> None:
        if self._origins[-1] == origin:
            self._sources[-1] = source
        else:
            self._origins.append(origin)
            self._sources.append(source)


def shifted(found: Sequence[Edit], distance: int) -> list[Edit]:
    """`found` in a slice that begins at `distance`, as edits of the whole text."""
    return [Edit(start + distance, end + distance, new) for start, end, new in found]


def carried_back(found: Sequence[Edit], decoded: Decoded, source: bytes) -> list[Edit]:
    """`found` in decoded text as edits of `source`; a new slash is written as the old one was (``/``, ``\\/``)."""
    if len(decoded.sources) == 1:
        return shifted(found, decoded.sources[0])
    return [
        Edit(decoded.source(edit.start), decoded.source(edit.end), _respelt(edit, decoded, source)) for edit in found
    ]


def _respelt(edit: Edit, decoded: Decoded, source: bytes) -> bytes:
    slash = decoded.text.rfind(b"/", edit.start, edit.end)
    if slash < 0:
        return edit.new
    spelling = source[decoded.source(slash) : decoded.source(slash + 1)]
    return edit.new if _OPEN_ENDED.fullmatch(spelling) else edit.new.replace(b"/", spelling)
