"""Where the content of an element ends that is no markup.

A script's content has states of its own (WHATWG HTML 13.2.5.15 to 31): behind ``<!--``, a ``<script`` has to meet its
own end tag first, until ``-->``. Old pages hide scripts from older browsers so.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from . import html_grammar as grammar
from .streaming import View


class _Level(Enum):
    PLAIN = auto()
    ESCAPED = auto()
    """Behind ``<!--``."""
    DOUBLE = auto()
    """And behind ``<script`` in it."""


_SCRIPT_TAG = rb"(?i:%b)(?=[ \t\n\r\f/>])"
_OPEN, _CLOSE = rb"(?P<ESCAPED><!--)", rb"(?P<PLAIN>-->)"
_END = rb"(?P<end>%b)" % (_SCRIPT_TAG % b"</script")
_MARKS = {
    _Level.PLAIN: re.compile(rb"%b|%b" % (_OPEN, _END)),
    _Level.ESCAPED: re.compile(rb"%b|%b|(?P<DOUBLE>%b)" % (_CLOSE, _END, _SCRIPT_TAG % b"<script")),
    _Level.DOUBLE: re.compile(rb"%b|(?P<ESCAPED>%b)" % (_CLOSE, _SCRIPT_TAG % b"</script")),
}
_PLAIN_MARKS = {name: dict.fromkeys(_Level, end) for name, end in grammar.RAW_END.items()}


class RawText:
    """Looks for the end tag of one element; keeps how far it has looked."""

    def __init__(self, name: bytes, *, foreign: bool) -> None:
        """`foreign`: inside SVG or MathML, where scripts have no states of their own."""
        self._marks = _MARKS if name == b"script" and not foreign else _PLAIN_MARKS[name]
        self._level = _Level.PLAIN
        self._looked, self._ahead = 0, 0

    def end(self, view: View, position: int) -> int | None:
        """Where the end tag begins, in a text that is settled up to `position`; None if it has not come yet."""
        self._looked = position + self._ahead
        while mark := self._marks[self._level].search(view.text, self._looked, view.end):
            if mark.lastgroup in (None, "end"):
                return mark.start()
            self._go_on(_Level[str(mark.lastgroup)], mark)
        self._looked = max(self._looked, view.end - grammar.LONGEST_RAW_END)
        return None

    def settle(self, position: int) -> None:
        """Remember that all before `position` is settled: what was looked at beyond is not looked at again."""
        self._ahead = max(0, self._looked - position)

    def _go_on(self, level: _Level, mark: re.Match[bytes]) -> None:
        # The dashes of "<!-->" open and close at once.
        opened = self._level is _Level.PLAIN
        self._looked = mark.start() + 2 if opened else mark.end()
        self._level = level
