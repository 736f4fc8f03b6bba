"""What escapes stand for: in JavaScript and JSON strings, in style sheets, and in HTML attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5

from .edits import Decoded, Decoding

_BACKSLASH = re.compile(
    rb"\\(?:u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|u(?P<four>[0-9A-Fa-f]{4})|x(?P<two>[0-9A-Fa-f]{2})"
    rb"|(?P<line>\r\n|[\r\n]|\xe2\x80[\xa8\xa9])|(?P<octal>[0-3][0-7]{0,2}|[4-7][0-7]?)|(?P<one>[\x00-\x7f])|(?=[\x80-\xff]))"
)
_CSS = re.compile(
    rb"\\(?:(?P<number>[0-9A-Fa-f]{1,6})(?:\r\n|[ \t\r\n\f])?|(?P<line>\r\n|[\r\n\f])"
    rb"|(?P<one>[\x00-\x7f])|(?=[\x80-\xff]))"
)
# A name counts without its semicolon only if neither a letter, a digit nor "=" follows (WHATWG HTML 13.2.5.73).
_REFERENCE = re.compile(
    rb"&(?:#[xX]0*(?P<hexadecimal>[0-9A-Fa-f]{1,7});?|#0*(?P<decimal>[0-9]{1,8});?"
    rb"|(?P<name>[A-Za-z][A-Za-z0-9]{1,30}+;)|(?P<legacy>[A-Za-z][A-Za-z0-9]{1,5}+)(?![A-Za-z0-9=;]))"
)
_SINGLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_LARGEST = 0x10FFFF
_Meaning = Callable[[re.Match[bytes]], bytes]


def without_backslashes(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, the inside of a JavaScript or JSON string, as the characters it stands for (UTF-8)."""
    return _decoded(_BACKSLASH, _backslash, text, start, end)


def without_css_escapes(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, a name, a URL or the inside of a string in a style sheet, as what it stands for (UTF-8)."""
    return _decoded(_CSS, _css, text, start, end)


def without_references(text: bytes, start: int, end: int) -> Decoded:
    """``text[start:end]``, an HTML attribute's value, as the characters it stands for (UTF-8).

    As browsers do there, ``&next=/x`` and ``&ampx`` are no references, ``&amp?`` and ``&#47x`` are.
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
    if match["octal"]:
        return _character(int(match["octal"], 8))
    return _SINGLE.get(match["one"], match["one"] or b"")


def _css(match: re.Match[bytes]) -> bytes:
    return _character(int(match["number"], 16)) if match["number"] else match["one"] or b""


def _reference(match: re.Match[bytes]) -> bytes:
    name = match["name"] or match["legacy"]
    if name:
        return html5.get(name.decode("ascii"), match[0].decode("ascii")).encode()
    return _character(int(match["hexadecimal"], 16) if match["hexadecimal"] else int(match["decimal"]))


def _character(number: int) -> bytes:
    return chr(number).encode("utf-8", "replace") if number <= _LARGEST else b"?"
