"""Where it is worth looking: the next place at which one of a few words stands, found by fast search."""

from __future__ import annotations

from collections.abc import Sequence


class Candidates:
    """The occurrences of `needles` in ``text[:end]``, in order; asked with growing positions."""

    def __init__(self, needles: Sequence[bytes], text: bytes, end: int) -> None:
        self._text = text
        self._end = end
        self._next = dict.fromkeys(needles, -1)
        self._asked, self._nearest = 0, -1

    def after(self, position: int) -> int:
        """The first occurrence at or after `position`, or the end of the text."""
        if not self._asked <= position <= self._nearest:
            self._asked = position
            self._nearest = min((self._of(needle, position) for needle in self._next), default=self._end)
        return self._nearest

    def _of(self, needle: bytes, position: int) -> int:
        known = self._next[needle]
        if known >= position:
            return known
        found = self._text.find(needle, position, self._end)
        self._next[needle] = found = self._end if found < 0 else found
        return found
