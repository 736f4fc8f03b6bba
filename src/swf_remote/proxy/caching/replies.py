"""What one reader gets of a kept answer: the whole, a part, or the word that nothing changed.

Heads and bodies are made once for all readers who get the same bytes; the rest of a hit is a look into a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from swf_remote.proxy.coding.negotiation import Accepted
from swf_remote.proxy.headers import Field
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import Route
from swf_remote.proxy.response import Asked, Head, reader_head
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.treatment import BODILESS
from swf_remote.proxy.validators import ours

from . import ranges
from .directives import cache_control, moment
from .entry import Entry, Front, Made
from .holes import Body, Fill

_TAG = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_OF_THE_BODY = frozenset(b"content-length content-encoding content-type content-language accept-ranges".split())
_REDIRECTS = range(300, 400)
_CONDITIONS = (b"if-none-match", b"if-modified-since", b"range")
_MOST_HEADS = 16


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader asks for, as far as it decides about the bytes of the answer."""

    method: str
    fields: Mapping[bytes, bytes]
    """The reader's, by name in lower case."""
    route: Route
    page: PageContext
    echoed: int | None = None

    @property
    def fill(self) -> Fill:
        """The reader's part."""
        echo = b"" if self.echoed is None else b"%d" % self.echoed
        return Fill(self.page.controls, self.page.banner, echo)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent."""

    status: int
    headers: list[Field]
    body: bytes
    heads: dict[tuple[int, str], bytes] | None = None
    """Where heads made of these headers are kept; None where they are not worth it."""


class Named(Protocol):
    """A body with a name."""

    @property
    def tag(self) -> bytes:
        """What it says, in short."""


def head_of(front: Front, body: Named, reading: Reading, sites: Sites) -> Head:
    """The head for this reader; it names the `body` where the monitor did not."""
    fields = reading.fields
    asked = Asked(
        "GET",
        fields.get(b"accept-encoding"),
        fields.get(b"if-none-match", b""),
        no_transform=_no_transform(fields),
        whole=True,
    )
    status = front.facts.status
    page = reading.page if front.is_page else PageContext(address=reading.page.address)
    head = reader_head(status, front.fields, asked=asked, route=reading.route, sites=sites, page=page)
    headers = [field for field in head.headers if field[0] != b"age"]
    if status == 200 and not any(name == b"etag" for name, _ in headers):
        headers.append((b"etag", ours(b'"%b"' % body.tag, page.variant) or b""))
    return Head(status, headers, head.todo)


def needs_packing(entry: Entry, reading: Reading) -> bool:
    """Whether a large body would have to be compressed first, which is better done elsewhere."""
    return entry.body.heavy and b"accept-encoding" in reading.fields and _key(reading, entry) not in entry.made


def reply_to(reading: Reading, entry: Entry, sites: Sites) -> Reply:
    """The answer from the store, but for its ``Age``."""
    made = _made(reading, entry, sites)
    status = entry.facts.status
    if status == 200:
        if not_modified(reading.fields, made, entry):
            headers = [field for field in made.headers if field[0] not in _OF_THE_BODY]
            return Reply(304, headers, b"", made.heads)
        if b"range" in reading.fields and not entry.body.holes and (part := _part(reading, entry, made)):
            return part
    return Reply(status, made.headers, made.body, made.heads)


def first_reply(reading: Reading, entry: Entry, sites: Sites) -> Reply | None:
    """The answer to whoever it was fetched for, or None where that takes more than what is there.

    Most of what is fetched is never asked for again, so nothing is remembered for others yet.
    """
    fields = reading.fields
    if entry.facts.status != 200 or any(name in fields for name in _CONDITIONS):
        return None
    head = head_of(entry.front, entry, reading, sites)
    if head.todo.encoded:
        return None
    body = entry.body.plain(reading.fill)
    headers = [field for field in head.headers if field[0] != b"content-length"]
    headers.append((b"content-length", b"%d" % len(body)))
    return Reply(200, headers, b"" if reading.method == "HEAD" else body)


def _made(reading: Reading, entry: Entry, sites: Sites) -> Made:
    key = _key(reading, entry)
    made = entry.made.get(key)
    if made is None:
        made = _make(reading, entry, sites, ranged=_ranged(reading, entry))
        entry.remember(key, made)
    return made


def _ranged(reading: Reading, entry: Entry) -> bool:
    return b"range" in reading.fields and not entry.body.holes


def _key(reading: Reading, entry: Entry) -> object:
    """What decides about the bytes that are sent."""
    fields, page = reading.fields, reading.page
    at = page.address if entry.facts.status in _REDIRECTS else b""
    own = (page.controls, page.banner) if entry.front.is_page else ()
    plain = _no_transform(fields) or _ranged(reading, entry)
    return own, at, reading.echoed, plain, None if plain else fields.get(b"accept-encoding"), reading.method == "HEAD"


def _make(reading: Reading, entry: Entry, sites: Sites, *, ranged: bool) -> Made:
    coded = reading.fields.get(b"accept-encoding")
    if ranged:
        reading = _taking(reading, b"identity")
    elif coded and entry.body.holes:
        reading = _taking(reading, _for_holes(coded))
    head = _head(reading, entry, sites)
    body = _body(entry.body, reading, head)
    headers = [field for field in head.headers if field[0] != b"content-length"]
    if head.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    tag = next((value for name, value in headers if name == b"etag"), b"")
    return Made(headers, tag, b"" if reading.method == "HEAD" else body)


def _head(reading: Reading, entry: Entry, sites: Sites) -> Head:
    """The head for this reader: that of another one with the own variant in the entity tag, once there is one."""
    if not entry.front.is_page or entry.facts.status in _REDIRECTS:
        return head_of(entry.front, entry, reading, sites)
    key = reading.fields.get(b"accept-encoding"), _no_transform(reading.fields)
    variant = reading.page.variant
    known = entry.heads.get(key)
    if known is None:
        head = head_of(entry.front, entry, reading, sites)
        if len(entry.heads) < _MOST_HEADS:
            entry.heads[key] = head, variant
        return head
    head, other = known
    told = [(name, _of_variant(value, other, variant) if name == b"etag" else value) for name, value in head.headers]
    return Head(head.status, told, head.todo)


def _of_variant(tag: bytes, other: bytes, own: bytes) -> bytes:
    ending = b'.%b"' % other
    return tag.removesuffix(ending) + b'.%b"' % own if tag.endswith(ending) else tag


def _taking(reading: Reading, accept_encoding: bytes) -> Reading:
    return replace(reading, fields={**reading.fields, b"accept-encoding": accept_encoding})


@lru_cache(maxsize=256)
def _for_holes(accept_encoding: bytes) -> bytes:
    """What counts of a reader's wishes for a body with holes: only gzip fills them without compressing again."""
    accepted = Accepted(accept_encoding)
    best, gzip = accepted.chosen(), accepted.quality(b"gzip")
    return b"gzip" if best and gzip > 0 and gzip >= accepted.quality(best) else accept_encoding


def _body(body: Body, reading: Reading, head: Head) -> bytes:
    coding = head.todo.encoded
    return body.encoded(coding, reading.fill) if coding else body.plain(reading.fill)


def not_modified(fields: Mapping[bytes, bytes], made: Made, entry: Entry) -> bool:
    """Whether the reader has it already (RFC 9110 13.1.2, 13.1.3)."""
    condition = fields.get(b"if-none-match")
    if condition is None:
        return _not_since(fields, made)
    if condition.strip() == b"*":
        return True
    known = _opaque(made.tag)
    asked = {_opaque(tag) for tag in _TAG.findall(condition)}
    if known in asked:
        return True
    stem, dot, variant = known.rpartition(b".")
    return stem == entry.tag and any(alias + dot + variant in asked for alias in entry.aliases)


def _not_since(fields: Mapping[bytes, bytes], made: Made) -> bool:
    since = moment(fields.get(b"if-modified-since"))
    changed = moment(next((value for name, value in made.headers if name == b"last-modified"), None))
    return since is not None and changed is not None and changed <= since


def _opaque(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/").strip(b'"')


def _part(reading: Reading, entry: Entry, made: Made) -> Reply | None:
    told = dict(made.headers)
    if b"content-encoding" in told or not ranges.may_be_part(reading.fields, made.tag, told):
        return None
    whole = entry.body.plain(reading.fill)
    part = ranges.span(reading.fields[b"range"], len(whole))
    if part is None:
        return None
    start, end = part
    headers = [field for field in made.headers if field[0] != b"content-length"]
    if start == end:
        unsatisfied = [(b"content-range", b"bytes */%d" % len(whole)), (b"content-length", b"0")]
        return Reply(416, [field for field in headers if field[0] not in _OF_THE_BODY] + unsatisfied, b"")
    headers += [
        (b"content-range", b"bytes %d-%d/%d" % (start, end - 1, len(whole))),
        (b"content-length", b"%d" % (end - start)),
    ]
    return Reply(206, headers, b"" if reading.method == "HEAD" else whole[start:end])


def _no_transform(fields: Mapping[bytes, bytes]) -> bool:
    value = fields.get(b"cache-control")
    return value is not None and "no-transform" in cache_control(value)
