"""Where it is worth looking: the next place at which one of a few words stands, found by fast search.

Or where the search has ended for now: most texts are left before their end is of interest.
"""

from __future__ import annotations

from collections.abc import Sequence

_FAR = 4096


class Candidates:
    """The occurrences of `needles` in ``text[:end]``, in order; quickest when asked with growing positions."""

    def __init__(self, needles: Sequence[bytes], text: bytes, end: int) -> None:
        self._text = text
        self._end = end
        # Of each needle: from where it was sought, up to where that still holds, and what was found.
        self._next = {needle: [0, 0, 0] for needle in needles}
        self._asked, self._holds, self._nearest = 0, 0, 0

    def apart_from(self, needle: bytes) -> Candidates:
        """The occurrences of the other needles; none of them is sought twice."""
        others = Candidates((), self._text, self._end)
        others._next = {other: place for other, place in self._next.items() if other != needle}
        return others

    def after(self, position: int) -> int:
        """Before it, no needle begins at or after `position`; most often one begins there, or the text ends."""
        if not self._asked <= position < self._holds:
            self._asked, self._holds, self._nearest = position, self._end, self._end
            for needle, place in self._next.items():
                if not place[0] <= position < place[1]:
                    self._seek(needle, place, position)
                self._holds = min(self._holds, place[1])
                self._nearest = min(self._nearest, place[2])
        return self._nearest

    def _seek(self, needle: bytes, place: list[int], position: int) -> None:
        far = min(position + _FAR, self._end)
        found = self._text.find(needle, position, min(far + len(needle) - 1, self._end))
        place[:] = (position, far, far) if found < 0 else (position, found + 1, found)
