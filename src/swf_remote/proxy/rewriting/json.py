"""URLs in JSON: string values that are a URL or hold HTML with URLs. Keys, numbers, order and spacing stay.

Reads strings only, so that lines of JSON, broken or endless JSON do no harm. A string longer than ``LIMIT`` passes by.
"""

from __future__ import annotations

import re

from .candidates import Candidates
from .edits import Decoded, Edit, carried_back
from .escapes import plain, without_backslashes
from .nested import Language, Nested
from .streaming import LIMIT

_BODY = re.compile(rb'(?:[^"\\]++|\\[\s\S])*+')
_BORING = re.compile(rb'(?:[^"]*+"(?:[^"\\]++|\\[\s\S])*+")*+[^"]*+')
_BLANKS = re.compile(rb"[ \t\n\r]*+")
_QUOTE, _COLON = ord('"'), ord(":")


class JsonScanner:
    """A ``Scanner`` for JSON."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self._long = False

    def scan(self, text: bytes, start: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Add the edits of ``text[start:end]``; return up to where it is settled."""
        candidates = Candidates(self._nested.rules.needles(), text, end)
        position = sought = start
        while position < end:
            if self._long:
                moved = self._pass(text, position, end, final)
            else:
                candidate = candidates.after(max(sought, position))
                run = _BORING.match(text, position, candidate)
                position = run.end() if run else position
                if position == candidate:
                    sought = candidate + 1
                    continue
                moved = self._string(text, position, end, final, edits)
            if moved == position:
                break
            position = moved
        return position

    def _pass(self, text: bytes, position: int, end: int, final: bool) -> int:
        """Over the rest of a string that is too long to be read."""
        body = _BODY.match(text, position, end)
        stop = body.end() if body else position
        if stop < end and text[stop] == _QUOTE:
            self._long = False
            return stop + 1
        return end if final else stop

    def _string(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """The string that begins at `position`; stay there if its end has not come yet."""
        limit = min(end, position + LIMIT)
        body = _BODY.match(text, position + 1, limit)
        stop = body.end() if body else position
        if stop >= limit or text[stop] != _QUOTE:
            return self._unfinished(position, limit, final)
        blanks = _BLANKS.match(text, stop + 1, limit)
        follows = blanks.end() if blanks else stop
        if follows >= limit and not final and limit - position < LIMIT:
            return position
        if follows >= limit or text[follows] != _COLON:
            edits += self._value(text, position + 1, stop)
        return stop + 1

    def _unfinished(self, position: int, limit: int, final: bool) -> int:
        if limit - position >= LIMIT:
            self._long = True
            return position + 1
        return limit if final else position

    def _value(self, text: bytes, start: int, end: int) -> list[Edit]:
        decoded = _decoded(text, start, end)
        return carried_back(self._nested.edits(Language.VALUE, decoded.text), decoded, text)


def _decoded(text: bytes, start: int, end: int) -> Decoded:
    r"""The string's text. Where quotes are all that is escaped, ``\"`` becomes a space and a quote.

    HTML reads both the same, no position moves, and the cells of a table are decoded in one step.
    """
    backslashes = text.count(b"\\", start, end)
    if not backslashes:
        return plain(text, start, end)
    if backslashes == text.count(b'\\"', start, end):
        return Decoded(text[start:end].replace(b'\\"', b' "'), [0], [start])
    return without_backslashes(text, start, end)
