"""URLs in style sheets: ``url()``, ``src()``, ``image-set()`` and ``@import``. Comments and other strings stay.

A string or URL longer than ``LIMIT`` (pictures written into the sheet) passes by unread. Escapes within a URL are
not undone: nobody writes the prefix with them.
"""

from __future__ import annotations

import re

from .candidates import Candidates
from .nested import Nested
from .runs import reach
from .streaming import LIMIT, LOOK_BACK, View

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
_BRACKET, _BACKSLASH = b"(\\"


class CssScanner:
    """A ``Scanner`` for style sheets and ``style`` attributes."""

    def __init__(self, nested: Nested) -> None:
        self._rules = nested.rules
        self._candidates = Candidates((), b"", 0)
        self._passing: re.Pattern[bytes] | None = None
        self._long_quote = 0

    def scan(self, view: View, position: int) -> int:
        """Add the edits of the URLs in view; return up to where it is settled."""
        self._candidates = Candidates((self._rules.core,), view.text, view.end)
        while position < view.end:
            if self._passing:
                moved = self._pass(self._passing, view, position)
            elif self._long_quote:
                moved = self._pass_string(view, position)
            else:
                moved = self._code(view, position)
            if moved == position:
                break
            position = moved
        return position

    def _code(self, view: View, position: int) -> int:
        sought = position
        while position < view.end:
            candidate = self._candidates.after(max(sought, position))
            position = reach(_BORING, view.text, position, candidate)
            if position < candidate:
                return self._token(view, position)
            sought = candidate + 1
        return position

    def _token(self, view: View, position: int) -> int:
        """Step over the token at `position` that needs a closer look; stay there if its end has not come yet."""
        first = view.text[position]
        if first in _BODY:
            return self._string(view, position)
        if first == _BRACKET:
            return self._address(view, position)
        if position + 1 >= view.end:
            return position
        if view.text[position : position + 2] == b"/*":
            self._passing = _COMMENT_END
            return position + 2
        return position + 1

    def _pass(self, mark: re.Pattern[bytes], view: View, position: int) -> int:
        """Over a comment, or an unquoted URL too long to be read, up to its end mark."""
        found = mark.search(view.text, position, view.end)
        if found:
            self._passing = None
            return found.end()
        return max(position, view.end - 1)

    def _pass_string(self, view: View, position: int) -> int:
        """Over the rest of a string that is too long to be read."""
        stop = reach(_BODY[self._long_quote], view.text, position, view.end)
        if stop >= view.end or view.text[stop] == _BACKSLASH:
            return stop
        self._long_quote = 0
        return stop + 1

    def _string(self, view: View, position: int) -> int:
        text, limit = view.text, min(view.end, position + LIMIT)
        stop = reach(_BODY[text[position]], text, position + 1, limit)
        if stop >= limit or text[stop] == _BACKSLASH:
            if limit - position < LIMIT:
                return position
            self._long_quote = text[position]
            return position + 1
        if text[stop] == text[position] and _EXPECTS_URL.search(text, max(0, position - LOOK_BACK), position):
            view.edits += self._rules.url(text, position + 1, stop)
        return stop + 1

    def _address(self, view: View, position: int) -> int:
        """What follows ``url``: a string, left to `_string`, or a URL without quotes."""
        text, limit = view.text, min(view.end, position + LIMIT)
        start = reach(_BLANKS, text, position + 1, limit)
        if start < limit and text[start] in _BODY:
            return start
        closing = _URL_END.search(text, start, limit)
        if closing:
            view.edits += self._rules.url(text, start, closing.start())
            return closing.end()
        if limit - position >= LIMIT:
            self._passing = _URL_END
            return position + 1
        return position
