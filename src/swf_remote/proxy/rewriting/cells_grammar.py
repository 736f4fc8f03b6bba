"""The gate: a grammar of harmless HTML that every tokeniser reads alike. What fits it may pass, whoever wrote it.

Between tags anything but a tag's beginning; tags complete, without angle brackets in values, of ``cells_policy`` only.
So no element changes how the rest is read (no raw text, no foreign content, no open comment), and reading what a
browser makes of it a second time finds the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from . import cells_policy as policy

_BLANK = r" \t\n\r\f"
_BLANKS = " \t\n\r\f"
_MARK = re.compile(
    r"(?P<tag></?[A-Za-z][^<>]*+>)|(?P<comment><!--(?:[^<>-]|-(?!-))*+-->)|(?P<text><(?=[^A-Za-z/!?]))|(?P<other><)"
)
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[A-Za-z][^{_BLANK}/<>]*+)(?P<rest>[^<>]*+)>")
_ATTRIBUTE = re.compile(
    rf"[{_BLANK}]++(?P<name>[A-Za-z_][A-Za-z0-9_.:-]*+)"
    rf"(?:=(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^{_BLANK}\"'`=\\]++)))?+"
)
_SEPARATOR = re.compile(rf"[{_BLANK}/]+")
_END = re.compile(rf"[{_BLANK}]*+/?+")
# Longer tags are rare, and remembering them would take memory.
_LONGEST_REMEMBERED = 400


def is_harmless(text: str) -> bool:
    """Whether `text`, put into a page as HTML, shows something and does nothing."""
    return all(
        kind != "other" and (kind != "tag" or _is_harmless_tag(mark[0]))
        for mark in _MARK.finditer(text)
        if (kind := mark.lastgroup)
    )


def _is_harmless_tag(tag: str) -> bool:
    return _known_tag(tag) if len(tag) <= _LONGEST_REMEMBERED else _judged(tag)


@lru_cache(maxsize=4096)
def _known_tag(tag: str) -> bool:
    return _judged(tag)


def _judged(tag: str) -> bool:
    parts = _TAG.fullmatch(tag)
    if parts is None:
        return False
    name = parts["name"].lower()
    if policy.is_unknown(name):
        return _has_only_words(parts["rest"])
    if name not in policy.ELEMENTS:
        return False
    if parts["end"]:
        return not parts["rest"].strip(_BLANKS)
    attributes = _attributes(parts["rest"])
    return (
        attributes is not None
        and all(policy.keeps(name, attribute, value) for attribute, value in attributes.items())
        and policy.allows(name, attributes)
    )


def _has_only_words(rest: str) -> bool:
    return "=" not in rest and all(policy.keeps_word(word.lower()) for word in _SEPARATOR.split(rest))


def _attributes(rest: str) -> dict[str, str] | None:
    """A tag's attributes by lower-case name, the first of each; None where something else than attributes is found."""
    found: dict[str, str] = {}
    position = 0
    while attribute := _ATTRIBUTE.match(rest, position):
        value = attribute["double"] or attribute["single"] or attribute["bare"] or ""
        found.setdefault(attribute["name"].lower(), unescape(value))
        position = attribute.end()
    return found if _END.fullmatch(rest, position) else None
