"""What scanners of code have in common: strings and comments among code that is of no interest.

Between two places worth a look (`needles`) everything boring is stepped over at once. A string or comment whose end is
not in sight is waited for, or passed by when it is too long.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from .candidates import Candidates
from .runs import reach
from .streaming import View

_State = Callable[[View, int], int]
_Named = Callable[[View, int], int | None]
BACKSLASH = ord("\\")


class TokenScanner(ABC):
    """A ``Scanner`` that goes from token to token; what a token means is its subclasses' business."""

    def __init__(
        self,
        needles: Sequence[bytes],
        boring: re.Pattern[bytes],
        bodies: Mapping[int, re.Pattern[bytes]],
        *,
        name: bytes = b"",
        named: _Named | None = None,
    ) -> None:
        """`boring`: what needs no look; `bodies`: the inside of a string as far as it goes, by the quote that opens it.

        `named` steps over the code at `name`, one of the needles; it stays there if more has to come, and gives None
        if that is of no interest.
        """
        self._needles = needles
        self._boring = boring
        self._bodies = bodies
        self._name, self._named = name, named
        self._candidates = Candidates((), b"", 0)
        self._end_mark: re.Pattern[bytes] = re.compile(b"")
        self._quote = 0
        self._state: _State = self._code

    def scan(self, view: View, position: int) -> int:
        """Add the edits of what is in view; return up to where it is settled."""
        self._candidates = Candidates(self._needles, view.text, view.end)
        while position < view.end:
            state = self._state
            moved = state(view, position)
            if moved == position and state == self._state:
                break
            position = moved
        return position

    @abstractmethod
    def _token(self, view: View, position: int) -> int:
        """Step over the token at `position` that needs a closer look; stay there if its end has not come yet."""

    def _code(self, view: View, position: int) -> int:
        boring, begin, sought = self._boring, position, position
        while position < view.end:
            candidate = self._candidates.after(max(sought, position))
            position = reach(boring, view.text, position, candidate)
            if position < candidate:
                return self._token(view, position)
            moved = self._at_name(view, position)
            if moved is not None:
                return moved
            sought = candidate + 1
        return max(begin, self._settled(view, position))

    def _at_name(self, view: View, position: int) -> int | None:
        if self._named is None or not view.text.startswith(self._name, position, view.end):
            return None
        return self._named(view, position)

    def _settled(self, view: View, position: int) -> int:
        """`position`, at the end of the code in view, or where before it the name may have begun."""
        if view.final:
            return position
        starts = range(max(0, position - len(self._name) + 1), position)
        return next((at for at in starts if self._name.startswith(view.text[at:position])), position)

    def _pass_to(self, end_mark: re.Pattern[bytes], position: int) -> int:
        """Go on behind `end_mark`, of two bytes at most, wherever that comes."""
        self._end_mark, self._state = end_mark, self._pass
        return position

    def _pass(self, view: View, position: int) -> int:
        found = self._end_mark.search(view.text, position, view.end)
        if found:
            self._state = self._code
            return found.end()
        return max(position, view.end - 1)

    def _pass_string(self, quote: int, position: int) -> int:
        """Go on behind the string that `quote` opened, which is too long to be read."""
        self._quote, self._state = quote, self._long_string
        return position

    def _long_string(self, view: View, position: int) -> int:
        stop = reach(self._bodies[self._quote], view.text, position, view.end)
        if self._is_end(view.text, stop, view.end):
            self._state = self._code
            return stop + 1
        return stop

    def _is_end(self, text: bytes, stop: int, end: int) -> bool:
        """Whether a string ends at `stop`, and not only what has come of it."""
        return stop < end and text[stop] != BACKSLASH
