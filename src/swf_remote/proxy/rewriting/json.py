"""URLs in JSON: string values that are a URL or hold HTML with URLs. Keys, numbers, order and spacing stay.

Reads strings only, so that lines of JSON, broken or endless JSON do no harm. A string longer than ``LIMIT`` passes by.
"""

from __future__ import annotations

import re

from .candidates import Candidates
from .edits import Decoded, Edit, carried_back
from .escapes import plain, without_backslashes
from .nested import Nested
from .runs import reach
from .streaming import LIMIT, View
from .values import value_edits

_BODY = re.compile(rb'(?:[^"\\]++|\\[\s\S])*+')
_BORING = re.compile(rb'(?:[^"]*+"(?:[^"\\]++|\\[\s\S])*+")*+[^"]*+')
_BLANKS = re.compile(rb"[ \t\n\r]*+")
_QUOTE, _COLON = b'":'


class JsonScanner:
    """A ``Scanner`` for JSON."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self._in_long_string = False

    def scan(self, view: View, position: int) -> int:
        """Add the edits of the strings in view; return up to where it is settled."""
        candidates = Candidates(self._nested.rules.needles, view.text, view.end)
        sought = position
        while position < view.end:
            if self._in_long_string:
                moved = self._pass(view, position)
            else:
                candidate = candidates.after(max(sought, position))
                position = reach(_BORING, view.text, position, candidate)
                if position == candidate:
                    sought = candidate + 1
                    continue
                moved = self._string(view, position)
            if moved == position:
                break
            position = moved
        return position

    def _pass(self, view: View, position: int) -> int:
        """Over the rest of a string that is too long to be read."""
        stop = reach(_BODY, view.text, position, view.end)
        if stop < view.end and view.text[stop] == _QUOTE:
            self._in_long_string = False
            return stop + 1
        return stop

    def _string(self, view: View, position: int) -> int:
        """The string that begins at `position`; stay there if its end has not come yet."""
        text, limit = view.text, min(view.end, position + LIMIT)
        stop = reach(_BODY, text, position + 1, limit)
        too_long = limit - position >= LIMIT
        if stop >= limit or text[stop] != _QUOTE:
            self._in_long_string = too_long
            return position + 1 if too_long else position
        follows = reach(_BLANKS, text, stop + 1, limit)
        if follows >= limit and not view.final and not too_long:
            return position
        if follows >= limit or text[follows] != _COLON:
            view.edits += self._value(text, position + 1, stop)
        return stop + 1

    def _value(self, text: bytes, start: int, end: int) -> list[Edit]:
        decoded = _decoded(text, start, end)
        return carried_back(value_edits(self._nested, decoded.text), decoded, text)


def _decoded(text: bytes, start: int, end: int) -> Decoded:
    r"""The string's text. Where quotes are all that is escaped, ``\"`` becomes a quote and a space.

    In HTML a space at either end of a value means nothing, no position moves, and a table's cells are decoded in one
    step.
    """
    backslashes = text.count(b"\\", start, end)
    if not backslashes:
        return plain(text, start, end)
    if backslashes == text.count(b'\\"', start, end):
        return Decoded(text[start:end].replace(b'\\"', b'" '), [0], [start])
    return without_backslashes(text, start, end)
