"""What is done to the body of one answer: decoded, read as UTF-8, rewritten, encoded, or nothing at all. Pure.

Decided from the heads of request and answer alone, so that HEAD and GET get the same one. What has to be rewritten
and cannot be read is refused: unrewritten it would lead readers astray, and with it go unsafe table cells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .coding.charsets import as_utf_8, codec_for, label_of
from .coding.decoding import can_decode, codings_of
from .coding.negotiation import Accepted
from .headers import listed
from .policy.routes import Rewriting, Route
from .rewriting import language_of
from .rewriting.nested import Language

# Smaller bodies fit into one packet anyway.
LEAST_ENCODED = 1024
BODILESS = frozenset({204, 205, 304})
"""Statuses whose answers have no body (RFC 9110 15.3.5, 15.3.6, 15.4.5)."""
_TEXT = re.compile(
    rb"text/(?!event-stream).*|image/svg\+xml|"
    rb"application/(?:(?:x-)?(?:java|ecma)script|(?:[\w.-]+\+)?(?:json|xml)|x-ndjson|jsonl|json-seq|x-yaml|yaml)"
)
_MEMBER = re.compile(rb'(?:[^,"]|"[^"]*+"?)++')


class BrokenAnswer(ValueError):  # noqa: N818 - named for what it says
    """The monitor's answer cannot be passed on truly."""


class PartOnly(BrokenAnswer):
    """The answer is a part (206) where only the whole can be answered: the whole has to be asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the reader's request decides about the body."""

    method: str = "GET"
    accept_encoding: bytes | None = None
    if_none_match: bytes = b""
    range: bool = False
    no_transform: bool = False
    whole: bool = False
    """The monitor was asked in the gateway's own name: for all of the body, in any coding that can be undone."""

    @classmethod
    def of(cls, method: str, fields: Mapping[bytes, bytes]) -> Asked:
        """From header fields with names in lower case, repeated ones joined."""
        return cls(
            method,
            fields.get(b"accept-encoding"),
            fields.get(b"if-none-match", b""),
            b"range" in fields,
            _forbids_transforming(fields),
        )


@dataclass(frozen=True, slots=True)
class Treatment:
    """See the module's text."""

    content_type: bytes = b""
    """As the reader gets it."""
    codec: str | None = None
    """Read as this charset, because its bytes are not ASCII's."""
    rewritten: bool = False
    decoded: tuple[bytes, ...] = ()
    """Codings to be undone."""
    encoded: bytes | None = None
    """Coding for the reader."""
    negotiated: bool = False
    """Another reader might get another coding."""

    @property
    def changes_bytes(self) -> bool:
        """Whether the reader's bytes are not the monitor's."""
        return self.rewritten or bool(self.decoded) or self.encoded is not None


def treatment(status: int, fields: Mapping[bytes, bytes], route: Route, asked: Asked) -> Treatment:
    """What to do with the body of an answer.

    Args:
        fields: the monitor's, by name in lower case, ``content-encoding`` and ``cache-control`` joined.

    Raises:
        PartOnly: ask for the whole.
        BrokenAnswer: a body that has to be rewritten is in a coding that is not known.
    """
    length = fields.get(b"content-length", b"")
    return _treated(
        _Case(
            status,
            _one_type(fields.get(b"content-type", b"")),
            fields.get(b"content-encoding", b""),
            route.rewriting,
            asked.accept_encoding,
            is_short=length.isdigit() and int(length) < LEAST_ENCODED,
            is_part=asked.range,
            is_whole=asked.whole,
            is_fixed=asked.no_transform or _forbids_transforming(fields),
        )
    )


class _Case(NamedTuple):
    """What decides of one answer on one row for one reader."""

    status: int
    content_type: bytes
    content_encoding: bytes
    rewriting: Rewriting
    accept_encoding: bytes | None
    is_short: bool
    """As it came."""
    is_part: bool
    """The reader asked for one."""
    is_whole: bool
    """See ``Asked.whole``."""
    is_fixed: bool
    """Nobody on the way may encode it."""

    @property
    def codings(self) -> tuple[bytes, ...]:
        return codings_of(self.content_encoding)

    @property
    def holds_urls(self) -> bool:
        return self.rewriting.is_done and language_of(self.content_type) is not None

    def check_part(self) -> None:
        # The parts of a multipart answer bear types of their own.
        hidden = self.rewriting.is_done and self.content_type.lower().startswith(b"multipart/")
        if self.holds_urls or hidden or not self.rewriting.passes_parts or not self.is_part:
            raise PartOnly("a part of a body that can only be answered whole")

    def rewritten(self) -> Treatment:
        if not can_decode(self.codings) and self.status not in BODILESS:
            raise BrokenAnswer("a body that has to be rewritten is in a coding that is not known")
        cells = self.rewriting is Rewriting.CELLS and language_of(self.content_type) is Language.JSON
        codec = codec_for(label_of(self.content_type), every=cells)
        negotiated = self._negotiated()
        return Treatment(
            as_utf_8(self.content_type) if codec else self.content_type,
            codec,
            rewritten=True,
            decoded=self.codings,
            encoded=_accepted(self.accept_encoding).chosen() if negotiated else None,
            negotiated=negotiated,
        )

    def passed(self) -> Treatment:
        """Nothing to rewrite, on a row where the monitor is asked for codings in our own name."""
        accepted = _accepted(self.accept_encoding)
        if self.codings and (accepted.takes(self.codings) or not can_decode(self.codings)):
            return Treatment(self.content_type, negotiated=True)
        negotiated = self._negotiated()
        return Treatment(
            self.content_type,
            decoded=self.codings,
            encoded=accepted.chosen() if negotiated else None,
            negotiated=negotiated or bool(self.codings),
        )

    def _negotiated(self) -> bool:
        """Whether the body is encoded for readers who like that."""
        if self.is_fixed or 300 < self.status < 400 or not _is_text(self.content_type):
            return False
        small = self.is_short and not self.codings
        return not small or _accepted(self.accept_encoding).refuses_plain


# Answers of the same kind come again and again.
@lru_cache(maxsize=256)
def _treated(case: _Case) -> Treatment:
    if case.status == 206:
        case.check_part()
    if case.holds_urls:
        return case.rewritten()
    if (case.rewriting.passes_parts and not case.is_whole) or case.status == 206:
        return Treatment(case.content_type)
    return case.passed()


@lru_cache(maxsize=256)
def _accepted(accept_encoding: bytes | None) -> Accepted:
    return Accepted(accept_encoding)


@lru_cache(maxsize=256)
def _is_text(content_type: bytes) -> bool:
    return _TEXT.fullmatch(content_type.partition(b";")[0].strip().lower()) is not None


@lru_cache(maxsize=256)
def _one_type(content_type: bytes) -> bytes:
    """The one type that browsers go by where a header names several: the last (Fetch, "extract a MIME type")."""
    members = [member.strip(b" \t") for member in _MEMBER.findall(content_type)]
    named = [member for member in members if b"/" in member.partition(b";")[0]]
    return named[-1] if named else content_type


def _forbids_transforming(fields: Mapping[bytes, bytes]) -> bool:
    return b"no-transform" in (part.lower() for part in listed(fields.get(b"cache-control", b"")))
