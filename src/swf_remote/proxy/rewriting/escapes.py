"""What escapes stand for: backslashes in JavaScript and JSON strings, character references in HTML attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5

from .edits import Decoded, Decoding

_BACKSLASH = re.compile(
    rb"\\(?:u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|u(?P<four>[0-9A-Fa-f]{4})|x(?P<two>[0-9A-Fa-f]{2})"
    rb"|(?P<line>\r\n|[\r\n])|(?P<one>[\x00-\x7f]))"
)
_REFERENCE = re.compile(rb"&(?:#[xX](?P<hexadecimal>[0-9A-Fa-f]{1,7});?|#(?P<decimal>[0-9]{1,8});?|(?P<name>\w+;))")
_SINGLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v", b"0": b"\0"}
_LARGEST = 0x10FFFF
_Meaning = Callable[[re.Match[bytes]], bytes]


def without_backslashes(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, the inside of a JavaScript or JSON string, as the characters it stands for (UTF-8)."""
    return _decoded(_BACKSLASH, _backslash, text, start, end)


def without_references(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, an HTML attribute's value, as the characters it stands for (UTF-8).

    A name counts only with its semicolon: in attributes ``&next=/x`` is no reference.
    """
    return _decoded(_REFERENCE, _reference, text, start, end)


def plain(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, where nothing is escaped."""
    return Decoded(text[start:end], [0], [start])


def _decoded(pattern: re.Pattern[bytes], meaning: _Meaning, text: bytes, start: int, end: int) -> Decoded:
    decoding = Decoding(start)
    for match in pattern.finditer(text, start, end):
        decoding.plain(text[start : match.start()])
        decoding.escape(meaning(match), match.start(), match.end())
        start = match.end()
    decoding.plain(text[start:end])
    return decoding.decoded()


def _backslash(match: re.Match[bytes]) -> bytes:
    digits = match["braced"] or match["four"] or match["two"]
    if digits:
        return _character(int(digits, 16))
    if match["line"]:
        return b""
    return _SINGLE.get(match["one"], match["one"])


def _reference(match: re.Match[bytes]) -> bytes:
    if match["name"]:
        return html5.get(match["name"].decode("latin-1"), match[0].decode("latin-1")).encode()
    return _character(int(match["hexadecimal"], 16) if match["hexadecimal"] else int(match["decimal"]))


def _character(number: int) -> bytes:
    return chr(number).encode("utf-8", "replace") if number <= _LARGEST else b"?"
