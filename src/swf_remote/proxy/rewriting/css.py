"""URLs in style sheets: ``url()``, ``src()``, ``image-set()`` and ``@import``. Comments and other strings stay.

A string or URL longer than ``LIMIT`` (pictures written into the sheet) passes by unread. Escapes within a URL are
not undone: nobody writes the prefix with them.
"""

from __future__ import annotations

import re

from .candidates import Candidates
from .edits import Edit
from .nested import Nested
from .streaming import LIMIT, LOOK_BACK

_ESCAPED = rb"\\(?:\r(?:\n|(?=[\s\S]))|[^\r])"
_SINGLE = rb"(?:[^'\\\r\n\f]++|%b)*+" % _ESCAPED
_DOUBLE = rb'(?:[^"\\\r\n\f]++|%b)*+' % _ESCAPED
_COMMENT = rb"/\*(?:[^*]++|\*(?=[^/]))*+\*/"
# Code, whole comments, whole strings; stops at the bracket of "url(".
_BORING = re.compile(
    rb"(?:[^'\"/(\\]++|'%b'|\"%b\"|%b|/(?=[^*])|\\[\s\S]|(?<![uU][rR][lL])\()*+" % (_SINGLE, _DOUBLE, _COMMENT)
)
_BODY = {ord("'"): re.compile(_SINGLE), ord('"'): re.compile(_DOUBLE)}
_COMMENT_END = re.compile(rb"\*/")
_URL_END = re.compile(rb"\)")
_BLANKS = re.compile(rb"[ \t\r\n\f]*+")
_EXPECTS_URL = re.compile(rb"(?i:(?:url|src)\(\s*|@import\s*|image-set\([^;{}]*)\Z")


class CssScanner:
    """A ``Scanner`` for style sheets and ``style`` attributes."""

    def __init__(self, nested: Nested) -> None:
        self._rules = nested.rules
        self._candidates = Candidates((), b"", 0)
        self._passing: re.Pattern[bytes] | None = None
        self._long_quote = 0

    def scan(self, text: bytes, start: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Add the edits of ``text[start:end]``; return up to where it is settled."""
        self._candidates = Candidates((self._rules.core,), text, end)
        position = start
        while position < end:
            if self._passing:
                moved = self._pass(self._passing, text, position, end, final)
            elif self._long_quote:
                moved = self._pass_string(text, position, end, final)
            else:
                moved = self._code(text, position, end, final, edits)
            if moved == position:
                break
            position = moved
        return position

    def _code(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        sought = position
        while position < end:
            candidate = self._candidates.after(max(sought, position))
            run = _BORING.match(text, position, candidate)
            position = run.end() if run else position
            if position < candidate:
                return self._token(text, position, end, final, edits)
            sought = candidate + 1
        return position

    def _token(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Step over the token at `position` that needs a closer look; stay there if its end has not come yet."""
        first = text[position]
        if first in _BODY:
            return self._string(text, position, end, final, edits)
        if first == ord("("):
            return self._address(text, position, end, final, edits)
        if position + 1 >= end:
            return end if final else position
        if first == ord("/") and text[position + 1] == ord("*"):
            self._passing = _COMMENT_END
            return position + 2
        return position + 1

    def _pass(self, mark: re.Pattern[bytes], text: bytes, position: int, end: int, final: bool) -> int:
        """Over a comment or an unquoted URL too long to be read, up to its end mark."""
        found = mark.search(text, position, end)
        if found:
            self._passing = None
            return found.end()
        return end if final else max(position, end - 1)

    def _pass_string(self, text: bytes, position: int, end: int, final: bool) -> int:
        body = _BODY[self._long_quote].match(text, position, end)
        stop = body.end() if body else position
        if stop >= end or text[stop] == ord("\\"):
            return end if final else stop
        self._long_quote = 0
        return stop + 1

    def _string(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        limit = min(end, position + LIMIT)
        body = _BODY[text[position]].match(text, position + 1, limit)
        stop = body.end() if body else limit
        if stop >= limit or text[stop] == ord("\\"):
            if limit - position >= LIMIT:
                self._long_quote = text[position]
                return position + 1
            return end if final else position
        if text[stop] == text[position] and _EXPECTS_URL.search(text, max(0, position - LOOK_BACK), position):
            edits += self._rules.url(text, position + 1, stop)
        return stop + 1

    def _address(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """What follows ``url``: a string, left to `_string`, or a URL without quotes."""
        limit = min(end, position + LIMIT)
        blanks = _BLANKS.match(text, position + 1, limit)
        start = blanks.end() if blanks else limit
        if start < limit and text[start] in _BODY:
            return start
        closing = _URL_END.search(text, start, limit)
        if closing:
            edits += self._rules.url(text, start, closing.start())
            return closing.end()
        if limit - position >= LIMIT:
            self._passing = _URL_END
            return position + 1
        return end if final else position
