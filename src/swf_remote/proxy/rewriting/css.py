"""URLs in style sheets: ``url()``, ``src()``, ``image-set()`` and ``@import``. Comments and other strings stay.

A string or URL longer than ``LIMIT`` (pictures written into the sheet) passes by unread. What ``@namespace`` names is
no place, so it stays.
"""

from __future__ import annotations

from . import css_grammar as grammar
from .edits import Edit, carried_back
from .escapes import without_css_escapes
from .nested import Nested
from .runs import reach
from .streaming import LIMIT, LOOK_BACK, View
from .tokens import BACKSLASH, TokenScanner

_BRACKET = ord("(")


class CssScanner(TokenScanner):
    """A ``Scanner`` for style sheets and ``style`` attributes."""

    def __init__(self, nested: Nested) -> None:
        super().__init__(nested.rules.page_needles, grammar.BORING, grammar.BODY)
        self._rules = nested.rules
        self._in_set = False

    def _token(self, view: View, position: int) -> int:
        first = view.text[position]
        if first in grammar.BODY:
            return self._string(view, position)
        if first == _BRACKET:
            before = view.text[max(0, position - LOOK_BACK) : position]
            return self._address(view, position) if grammar.is_url_call(before) else position + 1
        if position + 1 >= view.end:
            return position
        if view.text[position : position + 2] == b"/*":
            return self._pass_to(grammar.COMMENT_END, position + 2)
        return position + 1

    def _string(self, view: View, position: int) -> int:
        text, limit = view.text, min(view.end, position + LIMIT)
        stop = reach(grammar.BODY[text[position]], text, position + 1, limit)
        if not self._is_end(text, stop, limit):
            return position if limit - position < LIMIT else self._pass_string(text[position], position + 1)
        if text[stop] == text[position] and self._rules.concerns(text, position + 1, stop):
            before = text[max(0, position - LOOK_BACK) : position]
            if self._is_url(before):
                view.edits += self._url(text, position + 1, stop)
        return stop + 1

    def _is_url(self, before: bytes) -> bool:
        """Whether the string behind `before` is a URL; a long ``image-set`` is remembered from string to string."""
        self._in_set = grammar.is_in_set(before) or (self._in_set and grammar.goes_on(before))
        return self._in_set or grammar.expects_url(before)

    def _address(self, view: View, position: int) -> int:
        """What follows ``url``: a string, left to `_string`, or a URL without quotes."""
        text, limit = view.text, min(view.end, position + LIMIT)
        start = reach(grammar.BLANKS, text, position + 1, limit)
        if start < limit and text[start] in grammar.BODY:
            return start
        stop = reach(grammar.BARE_URL, text, start, limit)
        if stop < limit and text[stop] != BACKSLASH:
            view.edits += self._url(text, start, stop)
            return stop + 1
        return position if limit - position < LIMIT else self._pass_to(grammar.URL_END, position + 1)

    def _url(self, text: bytes, start: int, end: int) -> list[Edit]:
        if text.find(b"\\", start, end) < 0:
            return self._rules.substitute(text, start, end) or self._rules.url(text, start, end)
        decoded = without_css_escapes(text, start, end)
        whole = (decoded.text, 0, len(decoded.text))
        return carried_back(self._rules.substitute(*whole) or self._rules.url(*whole), decoded, text)
