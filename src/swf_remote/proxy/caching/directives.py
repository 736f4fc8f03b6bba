"""What an answer's header fields say of caching, strictly read; what cannot be read certainly counts as stale. Pure.

``Cache-Control`` by RFC 9111 5.2, ``CDN-Cache-Control`` as a dictionary of RFC 8941 (RFC 9213), dates by RFC 9110
5.6.7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

Headers = Mapping[bytes, bytes]
"""Fields by their name in lower case, repeated lists joined."""
Directives = Mapping[str, str | None]

# Large enough for every purpose, small enough for every sum (RFC 9111 1.2.2).
MOST_SECONDS = 2**31
_MEMBER = re.compile(
    r'[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,"\s]*)))?[ \t]*(?:,|\Z)|[ \t]*,'
)
_DICTIONARY_KEY = r"[a-z*][a-z0-9_.*-]*"
_ITEM = (
    r'-?\d{1,15}|-?\d{1,12}\.\d{1,3}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
    r"|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*|\?[01]"
)
_PARAMETERS = rf"(?:;[ ]*{_DICTIONARY_KEY}(?:=(?:{_ITEM}))?)*"
_DICTIONARY_MEMBER = re.compile(rf"({_DICTIONARY_KEY})(?:=({_ITEM}))?{_PARAMETERS}")
_BETWEEN = re.compile(r"[ \t]*,[ \t]*")
_SECONDS = re.compile(r"[0-9]+")
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_FIXED_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@lru_cache(maxsize=512)
def cache_control(value: bytes) -> Directives:
    """Directives of a ``Cache-Control`` field by name in lower case; of a repeated one the first counts."""
    found: dict[str, str | None] = {}
    text, position = value.decode("latin-1"), 0
    while position < len(text):
        member = _MEMBER.match(text, position)
        if member is None:
            comma = text.find(",", position)
            position = comma + 1 if comma >= 0 else len(text)
            continue
        position = member.end() if member.end() > position else len(text)
        if member[1]:
            found.setdefault(member[1].lower(), member[2] if member[2] is not None else member[3])
    return found


@lru_cache(maxsize=512)
def targeted(value: bytes) -> Directives | None:
    """Directives of a ``CDN-Cache-Control`` field; None where it is no dictionary and does not count (RFC 9213 2.1)."""
    found: dict[str, str | None] = {}
    text = value.decode("latin-1").strip(" ")
    position = 0
    while position < len(text):
        member = _DICTIONARY_MEMBER.match(text, position)
        if member is None:
            return None
        item = member[2]
        found[member[1]] = item
        if item == "?0":
            del found[member[1]]
        position = member.end()
        if position < len(text):
            between = _BETWEEN.match(text, position)
            if between is None or between.end() == len(text):
                return None
            position = between.end()
    return found or None


def seconds(text: str | None) -> int | None:
    """A directive's argument as seconds; None when it is no plain number."""
    return min(int(text), MOST_SECONDS) if text and _SECONDS.fullmatch(text) and len(text) < 40 else None


def moment(value: bytes | None) -> float | None:
    """A date field as seconds since the epoch; None when it is missing or is none of HTTP's dates."""
    return None if value is None else _moment(value)


@lru_cache(maxsize=512)
def _moment(value: bytes) -> float | None:
    text = value.decode("latin-1").strip()
    for form in _DATES:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if form == _DATES[0] and not _FIXED_DATE.fullmatch(text):
            return None
        return found.timestamp()
    return None


def age_told(value: bytes | None) -> int | None:
    """The ``Age`` that came with an answer, in seconds (RFC 9111 5.1); 0 where nothing is told.

    None where it is no single number. That might be ignored, but whoever sends it has the answer from a cache whose
    word is lost.
    """
    return 0 if value is None else seconds(value.strip().decode("latin-1"))
