"""Path patterns of the exposure table, and the other spellings in which a path may be read.

A pattern is a path relative to the mount: ``<name>`` is one segment, ``<int>`` a number, ``**`` anything,
a final ``/**`` for the folder itself (with or without its slash) and all below. A row that opens something is compared
with the path as it is; a row that closes something also with every spelling that a careless reader could take for it.
What stands in place of the first ``<name>`` or ``<int>`` can be had (``in_place``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

_PART = re.compile(r"<int>|<\w+>|/\*\*$|\*\*|/$")
_WRITTEN = re.compile(r"(?:<\w+>|\*\*|[\w.@~-]|/(?!/))*")
# Nothing in such a path can be read in another way.
_ONE_SPELLING = re.compile(r"[a-z0-9_/-]*")
# ``paths.normalise`` refuses what can be decoded more often.
_ROUNDS = 3


def is_pattern(text: str) -> bool:
    """Whether `text` is written as patterns are: relative, without double slashes, queries or odd characters."""
    return _WRITTEN.fullmatch(text) is not None and not text.startswith("/")


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; a final slash may be missing, since the monitor redirects to it."""
    parts, end = [], 0
    for match in _PART.finditer(pattern):
        parts += [re.escape(pattern[end : match.start()]), _part(match[0])]
        end = match.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]), re.DOTALL)


def _part(written: str) -> str:
    if written == "<int>":
        return "([0-9]+)"
    return {"/**": "(?:/.*)?", "**": ".*", "/": "/?"}.get(written, "([^/]+)")


def places(pattern: str) -> int:
    """How many ``<name>`` and ``<int>`` are in `pattern`."""
    return matcher(pattern).groups


# The same pages are asked for again and again.
@lru_cache(maxsize=2048)
def in_place(pattern: str, path: str) -> str:
    """What `path` has in place of the first ``<name>`` or ``<int>`` of `pattern`; empty if there is none."""
    found = matcher(pattern).fullmatch(path)
    return found[1] if found and found.re.groups else ""


def examples(pattern: str) -> tuple[str, ...]:
    """Paths that `pattern` covers: one with, one without anything in place of a final ``**``."""
    filled = re.sub(r"<\w+>", "x", pattern.replace("<int>", "1"))
    return tuple(dict.fromkeys((filled.replace("/**", "/").replace("**", ""), filled.replace("**", "x"))))


def spellings(path: str) -> tuple[str, ...]:
    """Other paths that `path` may be read as: decoded again, in lower case, without parameters, dots and suffixes."""
    if _ONE_SPELLING.fullmatch(path):
        return ()
    found: dict[str, None] = {}
    current = path
    for _ in range(_ROUNDS):
        folded = _by_segment(_plain(current).casefold(), _folded)
        found |= dict.fromkeys((folded, _by_segment(folded, _without_suffix)))
        decoded = unquote(current)
        if decoded == current:
            break
        current = decoded
    found.pop(path, None)
    return tuple(found)


def _plain(path: str) -> str:
    """`path` without letters that only look like others: accents, wide forms, invisible ones."""
    if path.isascii():
        return path
    letters = unicodedata.normalize("NFKD", path)
    return "".join(letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Cf"))


def _by_segment(path: str, change: Callable[[str], str]) -> str:
    segments = [change(segment) for segment in path.split("/")]
    kept = [segment for segment in segments if segment]
    return "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _folded(segment: str) -> str:
    """Without what servers of some kind cut off: parameters behind a semicolon, dots and spaces at the end."""
    return segment.partition(";")[0].rstrip(" .").lstrip(" ")


def _without_suffix(segment: str) -> str:
    """REST routers answer ``users.json`` as they do ``users``."""
    return segment.partition(".")[0] or segment
