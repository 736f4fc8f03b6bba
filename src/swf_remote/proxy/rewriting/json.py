"""URLs in JSON: string values that are a URL or hold HTML with URLs. Keys, numbers, order and spacing stay.

Reads strings only, so that lines of JSON, broken or endless JSON do no harm. A string longer than ``LIMIT`` passes by.
"""

from __future__ import annotations

import re

from .candidates import Candidates
from .edits import Decoded, Edit, carried_back
from .escapes import plain, without_backslashes
from .json_plain import end_of_run, is_plain, link_edits, proof
from .nested import Nested
from .runs import reach
from .streaming import LIMIT, View
from .stretches import Stretches
from .values import value_edits

BODY = re.compile(rb'(?:[^"\\]++|\\[\s\S])*+')
"""The inside of a string, as far as it goes."""
QUOTE = ord('"')
_BORING = re.compile(rb'(?:[^"]*+"(?:[^"\\]++|\\[\s\S])*+")*+[^"]*+')
_BLANKS = re.compile(rb"[ \t\n\r]*+")
_COLON = ord(":")
# Of what is no stretch, so much is looked at in one step.
_STEP = 4096
# Where strings are not plain, so much is read string by string before many are tried at once again.
_CLOSELY = 128


class JsonScanner:
    """A ``Scanner`` for JSON."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self._in_long_string = False
        self._candidates = Candidates((), b"", 0)
        # Inside of another text, an edit must not span what is escaped there.
        self._stretches = None if nested.depth else Stretches(proof(nested.rules))

    def scan(self, view: View, position: int) -> int:
        """Add the edits of the strings in view; return up to where it is settled."""
        self._candidates = Candidates(self._nested.rules.needles, view.text, view.end)
        if self._stretches:
            self._stretches.begin(position)
        while position < view.end:
            moved = self._long_string(view, position) if self._in_long_string else self._run(view, position)
            if moved == position:
                break
            position = moved
        return position

    def _run(self, view: View, position: int) -> int:
        """Over many plain strings at once, or over the next one that is not."""
        rules, text, limit = self._nested.rules, view.text, min(view.end, position + LIMIT)
        if self._stretches:
            stop = self._stretches.end(view, position, LIMIT)
            if stop > position:
                return stop
            limit = min(limit, max(position + _STEP, self._stretches.looked_at))
        end = end_of_run(text, position, limit)
        links = link_edits(rules, text, position, end) if end > position else None
        if links is not None:
            view.edits += links
            return end
        return self._over_strings(view, position, max(end, position + _CLOSELY))

    def _over_strings(self, view: View, position: int, stop: int) -> int:
        """String by string, up to `stop` at least or to what has not come yet."""
        while position < min(stop, view.end) and (moved := self._next_string(view, position)) != position:
            position = moved
            if self._in_long_string:
                break
        return position

    def _next_string(self, view: View, position: int) -> int:
        """Over the next string in which a candidate stands."""
        candidate = self._candidates.after(position)
        position = reach(_BORING, view.text, position, candidate)
        while position == candidate < view.end:
            candidate = self._candidates.after(candidate + 1)
            position = reach(_BORING, view.text, position, candidate)
        return self._string(view, position) if position < view.end else position

    def _long_string(self, view: View, position: int) -> int:
        """Over the rest of a string that is too long to be read."""
        stop = reach(BODY, view.text, position, view.end)
        return self._after_long_string(view, stop)

    def _after_long_string(self, view: View, stop: int) -> int:
        if stop < view.end and view.text[stop] == QUOTE:
            self._in_long_string = False
            return stop + 1
        return stop

    def _string(self, view: View, position: int) -> int:
        """The string that begins at `position`; stay there if its end has not come yet."""
        text, limit = view.text, min(view.end, position + LIMIT)
        stop = reach(BODY, text, position + 1, limit)
        too_long = limit - position >= LIMIT
        if stop >= limit or text[stop] != QUOTE:
            self._in_long_string = too_long
            return position + 1 if too_long else position
        follows = reach(_BLANKS, text, stop + 1, limit)
        if follows >= limit and not view.final and not too_long:
            return position
        if follows < limit and text[follows] == _COLON:
            view.edits += self._key(text, position, stop + 1)
        else:
            view.edits += self._value(text, position, stop + 1)
        return stop + 1

    def _key(self, text: bytes, start: int, end: int) -> list[Edit]:  # noqa: ARG002 - for scanners that look at keys
        """Edits of the key ``text[start:end]``, quotes included."""
        return []

    def _value(self, text: bytes, start: int, end: int) -> list[Edit]:
        """Edits of the value ``text[start:end]``, quotes included."""
        has_links = text.find(b"<", start, end) >= 0 and is_plain(text, start, end)
        links = link_edits(self._nested.rules, text, start, end) if has_links else None
        if links:
            return links
        decoded = _decoded(text, start + 1, end - 1)
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
