"""Forms posted back: fields that hold a path of ours hold the monitor's again (contract 3.2, hidden ``next``). Pure.

The counterpart of rewriting: a page's hidden field was mapped to our side, and the monitor compares or follows what
comes back. Only the prefix inside of such values changes; every other byte of the body stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import quote_from_bytes, unquote_plus, unquote_to_bytes, urlsplit

from .rewriting.edits import Edit, applied
from .rewriting.urls import UrlRules
from .sites import Sites

LARGEST_MAPPED = 1 << 20
"""Bytes of the largest form that is looked at; larger ones hold files, not paths."""

_LONGEST_PATH = 16_384
_URLENCODED = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data"
_PAIR = re.compile(rb"(?:\A|&)([^=&]*)=([^&]+)")
_UNIT = re.compile(rb"%[0-9A-Fa-f]{2}|.", re.DOTALL)
_BOUNDARY = re.compile(rb";\s*boundary\s*=\s*(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)
_NAME = re.compile(rb";\s*name\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_FILE_NAME = re.compile(rb";\s*filename\*?\s*=", re.IGNORECASE)
_DISPOSITION = re.compile(rb"(?:\A|\r\n)content-disposition\s*:([^\r\n]*)", re.IGNORECASE)


def is_form(content_type: bytes) -> bool:
    """Whether such a body is a form."""
    return content_type.partition(b";")[0].strip().lower() in (_URLENCODED, _MULTIPART)


def posted_back(body: bytes, content_type: bytes, fields: Collection[str], sites: Sites) -> bytes:
    """The form `body` with our paths in `fields` as the monitor's."""
    rules = _back(sites)
    if content_type.partition(b";")[0].strip().lower() == _MULTIPART:
        found = _values_of_parts(body, content_type, fields)
        edits = [edit for value in found for edit in value.plain_edits(rules)]
    else:
        found = _values_of_pairs(body, fields)
        edits = [edit for value in found for edit in value.encoded_edits(rules)]
    return applied(body, 0, len(body), edits)


@dataclass(frozen=True, slots=True)
class _Value:
    body: bytes
    start: int
    end: int

    def plain_edits(self, rules: UrlRules) -> list[Edit]:
        return rules.url(self.body, self.start, self.end)

    def encoded_edits(self, rules: UrlRules) -> list[Edit]:
        """Found in the decoded value, made in the encoded one; written with escapes where its slashes are."""
        units = [unit.span() for unit in _UNIT.finditer(self.body, self.start, self.end)]
        decoded = unquote_to_bytes(self.body[self.start : self.end].replace(b"+", b" "))
        starts = [start for start, _ in units] + [self.end]
        edits = rules.url(decoded, 0, len(decoded))
        escaped = b"%2f" in self.body[self.start : self.end].lower()
        return [
            Edit(starts[edit.start], starts[edit.end], quote_from_bytes(edit.new, "").encode() if escaped else edit.new)
            for edit in edits
        ]


def _values_of_pairs(body: bytes, fields: Collection[str]) -> Iterator[_Value]:
    for pair in _PAIR.finditer(body):
        if len(pair[2]) <= _LONGEST_PATH and unquote_plus(pair[1].decode("latin-1")) in fields:
            yield _Value(body, *pair.span(2))


def _values_of_parts(body: bytes, content_type: bytes, fields: Collection[str]) -> Iterator[_Value]:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return
    delimiter = b"--" + (boundary[1] or boundary[2])
    marks = [mark.span() for mark in re.finditer(rb"(?:\A|\r\n)" + re.escape(delimiter) + rb"[ \t]*(?:\r\n|--)", body)]
    for (_, start), (end, _) in pairwise(marks):
        head = body.find(b"\r\n\r\n", start, end)
        if head >= 0 and _is_field(body[start:head], fields):
            yield _Value(body, head + 4, end)


def _is_field(head: bytes, fields: Collection[str]) -> bool:
    disposition = _DISPOSITION.search(head)
    name = _NAME.search(disposition[1]) if disposition else None
    if name is None or disposition is None or _FILE_NAME.search(disposition[1]):
        return False
    return (name[1] if name[1] is not None else name[2]).decode("utf-8", "replace") in fields


@lru_cache(maxsize=8)
def _back(sites: Sites) -> UrlRules:
    """The rules of the way back: our side stands where the monitor's stood."""
    public = urlsplit(sites.public_url).netloc.rpartition("@")[2].lower()
    turned = Sites(
        mount=sites.monitor_mount,
        monitor_mount=sites.mount,
        dialled_hosts=frozenset({public} - {""}),
        mountless=(),
    )
    return UrlRules(turned)
