"""A kept body: stretches that are the same for everybody, and holes for what each reader gets filled in.

While a page is rewritten, marks stand where the account corner and the banner belong; nobody outside of this process
knows them. They come out whole in one piece of the rewriter's result. Filling a hole never compresses a stretch again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Self

from swf_remote.proxy.coding.encoding import encoder_for
from swf_remote.proxy.page import PageContext

from . import gzip_parts


class Hole(Enum):
    """What is filled in."""

    CORNER = "account corner"
    BANNER = "banner"
    ECHO = "number of the request"


# Both marks begin with it, so that one look tells whether there is any.
_STEM = b"\0" + secrets.token_hex(16).encode()
_MARKS = {hole: _STEM + secrets.token_hex(4).encode() + b"\0" for hole in (Hole.CORNER, Hole.BANNER)}
_HOLES = {mark: hole for hole, mark in _MARKS.items()}
_MARK = re.compile(b"|".join(_MARKS.values()))
_BEHIND_STEM = len(_MARKS[Hole.CORNER]) - len(_STEM)
STAND_IN = PageContext(controls=_MARKS[Hole.CORNER], banner=_MARKS[Hole.BANNER])
"""The reader for whom pages are rewritten before they are kept."""

# Changes with every second, and says nothing new (contract 3.1, 11).
_BUILT_AT = re.compile(rb"Built at \d{8} \d\d:\d\d:\d\d [A-Z]{2,5}")
_DIGEST = 24
_HEAVY = 262_144
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fill:
    """One reader's part."""

    corner: bytes = b""
    banner: bytes = b""
    echo: bytes = b""

    def of(self, hole: Hole) -> bytes:
        """What goes into this hole."""
        if hole is Hole.CORNER:
            return self.corner
        return self.banner if hole is Hole.BANNER else self.echo

    def feed(self, piece: bytes) -> bytes:
        """A piece that the rewriter made for ``STAND_IN``, as this reader gets it: a step of a ``Passage``."""
        if b"\0" not in piece or _STEM not in piece:
            return piece
        return _MARK.sub(lambda mark: self.of(_HOLES[mark[0]]), piece)

    def finish(self) -> bytes:
        """Nothing is ever held back."""
        return b""


@dataclass(slots=True)
class Body:
    """See the module's text."""

    parts: tuple[bytes | Hole, ...]
    holes: bool = field(init=False)
    """Whether readers get different bytes."""
    _packed: dict[bytes, bytes] = field(default_factory=dict)
    _gzipped: list[gzip_parts.Part | Hole] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.holes = any(isinstance(part, Hole) for part in self.parts)

    @classmethod
    def of(cls, whole: bytes) -> Self:
        """A body as the rewriter made it for ``STAND_IN``."""
        first, *others = whole.split(_STEM) if b"\0" in whole else (whole,)
        parts: list[bytes | Hole] = [first]
        for other in others:
            parts += _HOLES[_STEM + other[:_BEHIND_STEM]], other[_BEHIND_STEM:]
        return cls(tuple([part for part in parts if part != b""]) or (b"",))

    def with_echo(self, name: str, number: int) -> Self | None:
        """The same with a hole where a JSON object names the request's `number`; None if that place is not certain."""
        if len(self.parts) != 1 or not isinstance(self.parts[0], bytes):
            return None
        whole = self.parts[0]
        found = list(re.finditer(rb'(?<!\\)"%b"\s*:\s*(\d+)(?=\s*[,}])' % re.escape(name.encode()), whole))
        if len(found) != 1 or int(found[0][1]) != number:
            return None
        start, end = found[0].span(1)
        if not _is_top_level(whole[: found[0].start()]):
            return None
        return type(self)(tuple(part for part in (whole[:start], Hole.ECHO, whole[end:]) if part != b""))

    @property
    def length(self) -> int:
        """Bytes without what is filled in."""
        return sum(len(part) for part in self.parts if isinstance(part, bytes))

    @property
    def heavy(self) -> bool:
        """Whether compressing it, which was not done yet, would hold other readers up."""
        return not (self._packed or self._gzipped) and self.length > _HEAVY

    @property
    def size(self) -> int:
        """Bytes in memory, in all forms."""
        gzipped = sum(len(part.data) for part in self._gzipped if isinstance(part, gzip_parts.Part))
        return self.length + gzipped + sum(map(len, list(self._packed.values())))

    def plain(self, fill: Fill) -> bytes:
        """The body without a coding."""
        return b"".join(fill.of(part) if isinstance(part, Hole) else part for part in self.parts)

    def encoded(self, coding: bytes, fill: Fill) -> bytes:
        """The body in `coding`; what is the same for all is encoded once."""
        if not self.holes:
            if coding not in self._packed:
                self._packed[coding] = _encoded(coding, self.parts)
            return self._packed[coding]
        if coding != b"gzip":
            return _encoded(coding, [self.plain(fill)])
        if not self._gzipped:
            self._gzipped = [part if isinstance(part, Hole) else gzip_parts.part(part) for part in self.parts]
        return gzip_parts.joined([fill.of(part) if isinstance(part, Hole) else part for part in self._gzipped])

    def digest(self) -> bytes:
        """A short name of what the body says: per-second build times and readers' parts do not count."""
        found = sha256(usedforsecurity=False)
        for part in self.parts:
            found.update(part.name.encode() if isinstance(part, Hole) else _BUILT_AT.sub(b"Built at", part))
        return found.hexdigest()[:_DIGEST].encode()


def _is_top_level(before: bytes) -> bool:
    """Whether what follows `before`, the beginning of a JSON object, is a member of that object itself."""
    bare = _STRING.sub(b"", before)
    inner = bare.count(b"[") == bare.count(b"]") and bare.count(b"{") == bare.count(b"}") + 1
    return inner and bare.lstrip().startswith(b"{")


def _encoded(coding: bytes, parts: Sequence[bytes | Hole]) -> bytes:
    encoder = encoder_for(coding)
    pieces = [encoder.feed(part) for part in parts if isinstance(part, bytes)]
    return b"".join((*pieces, encoder.finish()))
