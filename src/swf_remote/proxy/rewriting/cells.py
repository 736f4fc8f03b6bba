r"""JSON whose strings a page puts into itself as HTML: each is made harmless, and its URLs are mapped.

Keys are made harmless, too, but keep their URLs. Outside of strings a "<" is no JSON; it is escaped, lest a page shows
what is no JSON at all. Of a string longer than ``LIMIT`` only text passes, up to its first "<" or doubtful escape.
"""

from __future__ import annotations

import re

from .cells_mending import NOTICE, meaning, mended, written
from .edits import Edit, applied
from .json import BODY, QUOTE, JsonScanner
from .json_plain import ESCAPE, is_plain
from .nested import Nested
from .runs import reach
from .streaming import View
from .values import value_edits

_BETWEEN = re.compile(rb"[^\"<]*+")
_ONLY_TEXT = re.compile(rb"(?:[^\"\\<]++|%b)*+" % ESCAPE)
_LONGEST_ESCAPE = len(rb"\u003c")


class CellsScanner(JsonScanner):
    """A ``Scanner`` for JSON with HTML in it that nobody vouches for."""

    def __init__(self, nested: Nested) -> None:
        super().__init__(nested)
        self._leaving_out = False

    def _next_string(self, view: View, position: int) -> int:
        position = reach(_BETWEEN, view.text, position, view.end)
        if position == view.end or view.text[position] == QUOTE:
            return self._string(view, position) if position < view.end else position
        view.edits.append(Edit(position, position + 1, b"&lt;"))
        return position + 1

    def _long_string(self, view: View, position: int) -> int:
        if not self._leaving_out:
            position = reach(_ONLY_TEXT, view.text, position, view.end)
            known = view.final or view.end - position >= _LONGEST_ESCAPE
            if position == view.end or view.text[position] == QUOTE or not known:
                return self._after_long_string(view, position)
            self._leaving_out = True
            view.edits.append(Edit(position, position, NOTICE.encode()))
        stop = reach(BODY, view.text, position, view.end)
        view.edits.append(Edit(position, stop, b""))
        return self._after_long_string(view, stop)

    def _after_long_string(self, view: View, stop: int) -> int:
        after = super()._after_long_string(view, stop)
        self._leaving_out = self._leaving_out and self._in_long_string
        return after

    def _key(self, text: bytes, start: int, end: int) -> list[Edit]:
        found = _meaning(text, start, end)
        harmless = mended(found)
        return [] if harmless == found else [_replaced(start, end, harmless)]

    def _value(self, text: bytes, start: int, end: int) -> list[Edit]:
        if is_plain(text, start, end):
            return super()._value(text, start, end)
        found = _meaning(text, start, end)
        harmless = mended(found)
        if harmless == found:
            return super()._value(text, start, end)
        source = harmless.encode()
        mapped = applied(source, 0, len(source), value_edits(self._nested, source))
        return [_replaced(start, end, mapped.decode())]


def _meaning(text: bytes, start: int, end: int) -> str:
    """What the string with its quotes at both ends says. Bytes that are no UTF-8 become U+FFFD, as in browsers."""
    return meaning(text[start + 1 : end - 1].decode("utf-8", "replace"))


def _replaced(start: int, end: int, new: str) -> Edit:
    return Edit(start + 1, end - 1, written(new).encode())
