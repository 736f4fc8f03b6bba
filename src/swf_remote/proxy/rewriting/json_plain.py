r"""The commonest table cells as they stand in JSON, recognised without undoing their escapes: for speed only.

A plain string is text, and tags that do nothing with attributes that do nothing, each value in ``\"``. It is harmless
by ``cells_grammar``, and what it says of URLs stands in links alone; strings that are not plain are read in full.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import lru_cache

from .automata import Automaton
from .cells_policy import ACTIVE, ELEMENTS, PROPERTIES
from .edits import Edit
from .stretches import Form, Proof
from .urls import UrlRules

_NAME_LETTERS = string.ascii_lowercase + string.digits + "_.:"


def _any_of(names: frozenset[str]) -> bytes:
    """A regular expression of `names`, longer ones first."""
    return "|".join(sorted(names, key=lambda name: (-len(name), name))).encode()


def _other_than(names: Iterable[str], letters: str = _NAME_LETTERS) -> str:
    """A regular expression of every name but `names`, the first letter one of `letters`: without looking ahead."""
    rests: dict[str, list[str]] = {}
    for name in names:
        rests.setdefault(name[:1], []).append(name[1:])
    whole = [] if "" in rests or letters != _NAME_LETTERS else [""]
    rests.pop("", None)
    others = "".join(letter for letter in letters if letter not in rests)
    alike = [letter + _other_than(rest) for letter, rest in rests.items()]
    return f"(?:{'|'.join([*alike, f'[{others}][{_NAME_LETTERS}]*', *whole])})"


_HEX = rb"[0-9A-Fa-f]"
# No "<" in disguise (003c), and no backslash (005c) that a second reading as JSON could take for an escape.
_FOUR_DIGITS = rb"(?:[1-9A-Fa-f]%b{3}|0[1-9A-Fa-f]%b{2}|00(?:[0-246-9A-Fa-f]%b|[35][0-9ABDEFabdef]))" % ((_HEX,) * 3)
ESCAPE = rb"\\(?:[\"/bfnrt]|u%b)" % _FOUR_DIGITS
"""Regular expression of an escape that stands for a character of text."""
_TEXT = rb"[^\"\\<]|%b|<+[^A-Za-z/!?\"\\<]" % ESCAPE
_WORDS = rb"[^\"\\<>]*"
_DECLARATION = rb"(?:%b): ?[a-z0-9#]+" % _any_of(PROPERTIES)
_SAFE_ATTRIBUTE = (
    rb"(?:(?:class|title|aria-label|role)=\\\"%b|data-(?:fill|task-id|pause-eligible|resume-eligible)=\\\"[\w-]*"
    rb"|rel=\\\"[a-z ]*|target=\\\"_blank|style=\\\"(?:%b;)*(?:%b)?)\\\"" % (_WORDS, _DECLARATION, _DECLARATION)
)
_HREF = rb"href=\\\"(?:[/?#]|https?://)[^\"\\<>\x00-\x20]*\\\""
_ELEMENT = rb"(?:%b)(?: %b)* ?/?" % (_any_of(ELEMENTS - {"a", "input", "button"}), _SAFE_ATTRIBUTE)
_ANCHOR = rb"a(?: (?:%b|%b))*" % (_HREF, _SAFE_ATTRIBUTE)
_CHECKBOX = rb"input type=\\\"checkbox\\\"(?: (?:%b|checked|disabled))* ?/?" % _SAFE_ATTRIBUTE
_KNOWN = (name for name in ELEMENTS | ACTIVE if "-" not in name)
_UNKNOWN = rb"%b(?: [0-9a-df-hj-mqrt-z_][a-z0-9_.]*)*" % _other_than(_KNOWN, string.ascii_lowercase).encode()
_TAG = rb"<(?:/(?:%b)|%b|%b|%b|%b)>" % (_any_of(ELEMENTS), _ANCHOR, _ELEMENT, _CHECKBOX, _UNKNOWN)
_PLAIN = rb"\"(?:%b|%b)*\"" % (_TEXT, _TAG)
_STRING = Automaton(_PLAIN)
# A value is known as one by what follows; a key has to be simple, since its URLs are not ours to map.
_RUN = rb"(?:[^\"<]|\"[^\"\\<]*\"|%b[ \t\n\r]*[^: \t\n\r\"<])*" % _PLAIN
_TO_END_OF_RUN = Automaton(_RUN)
_FORM = Form(_RUN, rb"<a href=\"", follows=b"/", doubtful=rb"&(?:#|\w+;)", end=b'",', belongs=2)
_LINK_START = rb"<a(?: %b)*+ href=\\\"" % _SAFE_ATTRIBUTE
_LINK = re.compile(rb"%b(?P<url>(?:[^\"\\<>&]|&(?!#|\w+;))*+)\\\"" % _LINK_START)


def end_of_run(text: bytes, start: int, end: int) -> int:
    """Up to where ``text[start:end]`` is JSON with plain strings only; `start` lies outside of a string."""
    return _TO_END_OF_RUN.reach(text, start, end)


def is_plain(text: bytes, start: int, end: int) -> bool:
    """Whether ``text[start:end]``, quotes included, is a plain string."""
    return _STRING.covers(text, start, end)


def link_edits(rules: UrlRules, text: bytes, start: int, end: int) -> list[Edit] | None:
    """Edits of the links in ``text[start:end]``, where all strings are plain.

    None where links without character references do not hold all that is said of the monitor.
    """
    core = rules.core
    if any(text.find(needle, start, end) >= 0 for needle in rules.needles if needle != core):
        return None
    told = text.count(core, start, end)
    edits: list[Edit] = []
    for link in _LINK.finditer(text, start, end) if told else ():
        begin, stop = link.span("url")
        seen = text.count(core, begin, stop)
        if seen:
            told -= seen
            edits += rules.url(text, begin, stop)
    return None if told else edits


@lru_cache(maxsize=8)
def proof(rules: UrlRules) -> Proof:
    """That strings are plain and name the monitor in common links only.

    In plain strings, a common link's beginning can only begin a link, and its address ends where the grammar says.
    """
    return Proof(_FORM, rules, (needle for needle in rules.needles if needle != rules.core))
