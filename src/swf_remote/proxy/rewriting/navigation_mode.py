"""The navigation mode, which scripts keep in the browser: every way to read it gives production (contract 1.3).

``localStorage.getItem('navMode')`` and ``localStorage['navMode']`` become ``'production'`` in the quotes they had, so
that they fit wherever they stand; ``localStorage.navMode`` does only in a script of its own, which has room for quotes.
Writing the mode stays as it is. The line breaks of what goes stay behind it: they may end a string, a statement.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .edits import Edit
from .streaming import LOOK_BACK, View

KEY = b"navMode"
_MODE = b"production"

_STORAGE = b"localStorage"
_LONGEST_GLOBAL = 30
_ASKS = re.compile(
    rb"(?:(?<![\w$.])(?:window|self|globalThis)\s*\??\.\s*)?(?<![\w$])localStorage\s*"
    rb"(?:\??\.\s*getItem\s*(?:\?\.\s*)?(?P<call>\()|(?:\?\.\s*)?(?P<index>\[)|(?P<property>\??\.))\s*\Z"
)
_CLOSING = {"call": re.compile(rb"\s*\)"), "index": re.compile(rb"\s*\]"), "property": re.compile(rb"(?![\w$])")}
_WRITES = re.compile(rb"(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])?=(?![=>])|\+\+|--")
_LONGEST_WRITE = 5
_NOT_LINE_BREAKS = re.compile(rb"[^\r\n]+")


class Asked(NamedTuple):
    """The code that asks for the mode, up to its key."""

    length: int
    kind: str


def asked(before: bytes) -> Asked | None:
    """What of `before`, the last ``LOOK_BACK`` bytes, asks for a value of the browser's storage."""
    storage = before.rfind(_STORAGE)
    code = _ASKS.search(before, max(0, storage - _LONGEST_GLOBAL)) if storage >= 0 else None
    if code is None or code.lastgroup is None or before[code.start() - 1 : code.start()] == b".":
        return None
    return Asked(len(before) - code.start(), code.lastgroup)


def answered(view: View, ask: Asked, key: tuple[int, int], text: tuple[int, int]) -> int | None:
    """Put the mode in the place of the key, which spans `text` and with its quotes `key`.

    Returns where it goes on; None if the mode is not read here, the key's beginning if that is not known yet.
    """
    limit = min(view.end, key[1] + LOOK_BACK)
    unsure = limit == view.end and not view.final
    closing = _CLOSING[ask.kind].match(view.text, key[1], limit)
    rest = view.text[closing.end() if closing else key[1] : limit].lstrip()
    if unsure and (len(rest) < _LONGEST_WRITE if closing else not rest):
        return key[0]
    if closing is None or (ask.kind != "call" and _WRITES.match(rest)):
        return None
    mode = _MODE if key != text else b"'%b'" % _MODE
    begin, end = key[0] - ask.length, closing.end()
    breaks = _NOT_LINE_BREAKS.sub(b"", view.text[begin : key[0]] + view.text[key[1] : end])
    view.edits += (Edit(begin, key[0], b""), Edit(*text, mode), Edit(key[1], end, breaks))
    return end
