"""A kept answer: its head as the monitor sent it, its body with holes, and the answers made of both for readers.

Everything a reader gets of it is made from the same head by ``reader_head``, with that reader's page, and remembered
for readers who would get the very same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from swf_remote.proxy.headers import Field, clean, joined
from swf_remote.proxy.response import Head
from swf_remote.proxy.rewriting import language_of
from swf_remote.proxy.rewriting.nested import Language
from swf_remote.proxy.validators import weak

from .epochs import Mark
from .holes import Body, Hole
from .rules import Facts, Standing, Terms, Verdict, freshened, standing

# Bytes that an entry takes besides its texts.
OVERHEAD = 1024
MOST_ALIASES = 8
_MOST_MADE = 8
# Of the monitor's sessions: nothing to be kept, least of all outside of this process.
_COOKIES = frozenset({b"set-cookie", b"set-cookie2"})
_CODED = frozenset(
    b"content-encoding content-md5 digest content-digest repr-digest content-length accept-ranges".split()
)


@dataclass(frozen=True, slots=True)
class Made:
    """An answer for readers who differ in nothing."""

    headers: list[Field]
    tag: bytes
    body: bytes
    heads: dict[tuple[int, str], bytes] = field(default_factory=dict)
    """As they go out, by status and area (``edge.at_once``)."""


@dataclass(frozen=True, slots=True)
class Front:
    """A kept answer without its body."""

    facts: Facts
    fields: tuple[Field, ...]
    """As the monitor would have sent them with the plain body."""

    @property
    def is_page(self) -> bool:
        """Whether readers see an account corner and a banner in it."""
        return language_of(self.facts.headers.get(b"content-type", b"")) is Language.HTML

    @classmethod
    def of(cls, facts: Facts, fields: Iterable[Field], *, decoded: bool) -> Self:
        """From a head as it came; `decoded` says that the body's codings are undone."""
        if not decoded:
            return cls(facts, tuple(fields))
        kept = [
            (name, weak(value) or b"" if name == b"etag" else value) for name, value in fields if name not in _CODED
        ]
        return cls(facts, tuple(kept))

    def with_length(self, size: int) -> Front:
        """The same, now that the plain body's length is known."""
        others = tuple(field for field in self.fields if field[0] != b"content-length")
        return Front(self.facts, (*others, (b"content-length", b"%d" % size)))

    def freshened(self, not_modified: Facts) -> Front:
        """The same after the monitor's 304 (RFC 9111 4.3.4)."""
        facts = freshened(self.facts, not_modified)
        told = not_modified.headers.get(b"content-type", b"")
        if told and self._may_be_called(told):
            facts = replace(facts, headers={**facts.headers, b"content-type": told})
        news = {name: value for name, value in facts.headers.items() if self.facts.headers.get(name) != value}
        kept = [one for one in self.fields if one[0] in facts.headers and one[0] not in news]
        return Front(facts, (*kept, *news.items()))

    def _may_be_called(self, content_type: bytes) -> bool:
        """Whether a new ``Content-Type`` says nothing else of the bytes that are kept: of those read as no language."""
        old = self.facts.headers.get(b"content-type", b"")
        same = old.partition(b";")[0].strip().lower() == content_type.partition(b";")[0].strip().lower()
        return same and language_of(content_type) is None


@dataclass(slots=True, eq=False)
class Entry:
    """See the module's text."""

    front: Front
    body: Body
    mark: Mark
    """When it was asked for."""
    _tag: bytes = b""
    aliases: tuple[bytes, ...] = ()
    """Tags under which the same was sent before its end was known."""
    name: bytes = b""
    """Under which it is kept in this process; empty if it is not."""
    made: dict[object, Made] = field(default_factory=dict)
    heads: dict[object, tuple[Head, bytes]] = field(default_factory=dict)
    """Of pages: one reader's head and its variant, by what else decides about it."""
    standing: tuple[Terms, Standing] | None = None
    """What the rules said of it, and by which terms."""
    grown: bool = False
    """It takes more memory than when it was last counted."""

    @property
    def facts(self) -> Facts:
        """The monitor's head."""
        return self.front.facts

    @property
    def tag(self) -> bytes:
        """What the body says, in short; the entity tag where the monitor sent none. Made when it is first needed."""
        if not self._tag:
            self._tag = self.body.digest()
        return self._tag

    @property
    def size(self) -> int:
        """Bytes in memory."""
        # Copied at once: another thread may be packing a large body for somebody.
        made = sum(len(one.body) for one in list(self.made.values()))
        heads = sum(len(name) + len(value) for name, value in self.front.fields)
        return self.body.size + made + 2 * heads + OVERHEAD

    def verdict(self, terms: Terms, now: float) -> Verdict:
        """How it may be used at `now` by these terms."""
        return self._standing(terms).at(now)

    def lasts(self, terms: Terms) -> float:
        """Seconds since it was received for which it may be of use by these terms."""
        return self._standing(terms).lasts

    def asks_always(self, terms: Terms) -> bool:
        """Whether nobody may have it before the monitor was asked."""
        one = self._standing(terms)
        return one.asks_always or one.lifetime <= one.age

    def _standing(self, terms: Terms) -> Standing:
        if self.standing is None or self.standing[0] is not terms:
            self.standing = terms, standing(self.facts, terms)
        return self.standing[1]

    def remember(self, key: object, made: Made) -> None:
        """Keep an answer for the next reader who would get the same; the oldest gives way."""
        while len(self.made) >= _MOST_MADE:
            self.made.pop(next(iter(tuple(self.made))), None)
        self.made[key] = made
        self.grown = True

    def after(self, older: Entry | None) -> Entry:
        """This, still answering to the tags of the one before it, if it says the same."""
        if older is None or older.tag != self.tag:
            return self
        return replace(
            self, standing=None, aliases=tuple(dict.fromkeys((*self.aliases, *older.aliases)))[:MOST_ALIASES]
        )

    def packed(self) -> bytes:
        """As bytes, for a store outside of this process."""
        parts = [part.name if isinstance(part, Hole) else len(part) for part in self.body.parts]
        facts = self.facts
        head = {
            "status": facts.status,
            "times": [facts.requested, facts.received],
            "told": _texts(facts.headers.items()),
            "fields": _texts(self.front.fields),
            "tag": self.tag.decode("latin-1"),
            "aliases": [alias.decode("latin-1") for alias in self.aliases],
            "parts": parts,
        }
        text = json.dumps(head).encode()
        return struct.pack(">I", len(text)) + text + b"".join(p for p in self.body.parts if isinstance(p, bytes))

    @classmethod
    def unpacked(cls, data: bytes, mark: Mark) -> Self:
        """The counterpart of ``packed``; `mark` is this process's moment of it.

        Raises:
            ValueError: these bytes are of something else.
        """
        try:
            return cls._unpacked(data, mark)
        except (struct.error, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError("no kept answer") from error

    @classmethod
    def _unpacked(cls, data: bytes, mark: Mark) -> Self:
        start = 4 + int(struct.unpack_from(">I", data)[0])
        head = json.loads(data[4:start])
        facts = Facts(int(head["status"]), joined(_fields(head["told"])), *map(float, head["times"]))
        parts: list[bytes | Hole] = []
        for part in head["parts"]:
            if isinstance(part, str):
                parts.append(Hole[part])
            else:
                parts.append(data[start : start + part])
                start += part
        if start != len(data):
            raise ValueError("its length is wrong")
        aliases = tuple(alias.encode("latin-1") for alias in head["aliases"])
        tag = head["tag"].encode("latin-1")
        return cls(Front(facts, tuple(_fields(head["fields"]))), Body(tuple(parts)), mark, tag, aliases)


@dataclass(frozen=True, slots=True)
class Signpost:
    """What is kept in the place of answers that vary with request fields: the fields' names (RFC 9111 4.1)."""

    names: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return OVERHEAD

    def packed(self) -> bytes:
        """As bytes, for a store outside of this process."""
        return b"\0\0\0\0" + b",".join(self.names)


Kept = Entry | Signpost


def unpacked(data: bytes, mark: Mark) -> Kept:
    """What ``packed`` made.

    Raises:
        ValueError: these bytes are of something else.
    """
    if data.startswith(b"\0\0\0\0"):
        return Signpost(tuple(data[4:].split(b",")))
    return Entry.unpacked(data, mark)


def facts_of(status: int, fields: Iterable[Field], requested: float, received: float) -> tuple[Facts, list[Field]]:
    """An answer's head, read for the cache, and its fields that may pass."""
    kept = [field for field in clean(fields) if field[0] not in _COOKIES]
    return Facts(status, joined(kept), requested, received), kept


def _texts(fields: Iterable[Field]) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def _fields(texts: list[list[str]]) -> list[Field]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in texts]
