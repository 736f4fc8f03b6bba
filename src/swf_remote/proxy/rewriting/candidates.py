"""Where it is worth looking: the next place at which one of a few words stands, found by fast search."""

from __future__ import annotations

from collections.abc import Sequence


class Candidates:
    """The occurrences of `needles` in ``text[:end]``, in order; asked with growing positions."""

    def __init__(self, needles: Sequence[bytes], text: bytes, end: int) -> None:
        self._text = text
        self._end = end
        self._next = dict.fromkeys(needles, -1)

    def after(self, position: int) -> int:
        """The first occurrence at or after `position`, or the end of the text."""
        nearest = self._end
        for needle, place in self._next.items():
            nearest = min(nearest, place if place >= position else self._find(needle, position))
        return nearest

    def _find(self, needle: bytes, position: int) -> int:
        found = self._text.find(needle, position, self._end)
        self._next[needle] = found = self._end if found < 0 else found
        return found
