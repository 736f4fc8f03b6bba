"""Names against patterns, by the rules of the monitor's filters (contract 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

BLANK = "__blank__"
"""Selects what has no value."""


@lru_cache(maxsize=512)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name fulfils `pattern`: the name itself, or as soon as it holds a percent sign an SQL LIKE pattern
    (percent sign: anything, underscore: one character, backslash: the next one as it is). Linear in the name's length.
    """
    if not pattern:
        return _anything
    if pattern == BLANK:
        return lambda name: not name
    if "%" not in pattern:
        return pattern.__eq__
    if simple := _simple(pattern):
        return simple
    options = re2.Options()
    options.dot_nl = True
    compiled = re2.compile(_expression(pattern), options)
    return lambda name: compiled.fullmatch(name) is not None


def _anything(name: str) -> bool:  # noqa: ARG001 - one signature for all
    return True


def _simple(pattern: str) -> Callable[[str], bool] | None:
    """Most patterns are a piece of a name, its begin or its end, and a text is found ten times faster."""
    piece = pattern.strip("%")
    if any(character in piece for character in "%_\\"):
        return None
    if pattern[0] == "%" and pattern[-1] == "%":
        return lambda name: piece in name
    return (lambda name: name.endswith(piece)) if pattern[0] == "%" else (lambda name: name.startswith(piece))


def _expression(pattern: str) -> str:
    parts, characters = [], iter(pattern)
    for character in characters:
        if character == "\\":
            parts.append(re2.escape(next(characters, "\\")))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re2.escape(character))
    return "".join(parts)
