r"""The commonest table cells as they stand in JSON, recognised without undoing their escapes: for speed only.

A plain string is text, and tags that do nothing with attributes that do nothing, each value in ``\"``. It is harmless
by ``cells_grammar``, and what it says of URLs stands in links alone; strings that are not plain are read in full.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .cells_policy import ACTIVE, ELEMENTS, PROPERTIES
from .edits import Edit
from .runs import reach
from .urls import UrlRules


def _any_of(names: frozenset[str]) -> bytes:
    """A regular expression of `names`, longer ones first."""
    return "|".join(sorted(names, key=lambda name: (-len(name), name))).encode()


# No "<" in disguise, and no backslash that a second reading as JSON could take for an escape.
ESCAPE = rb"\\(?:[\"/bfnrt]|u(?!003[Cc]|005[Cc])[0-9A-Fa-f]{4})"
"""Regular expression of an escape that stands for a character of text."""
_TEXT = rb"[^\"\\<]++|%b|<(?=[^A-Za-z/!?\"\\])" % ESCAPE
_WORDS = rb"[^\"\\<>]*+"
_DECLARATION = rb"(?:%b): ?[a-z0-9#]++(?:;|(?=\\\"))" % _any_of(PROPERTIES)
_SAFE_ATTRIBUTE = (
    rb"(?:(?:class|title|aria-label|role)=\\\"%b|data-(?:fill|task-id|pause-eligible|resume-eligible)=\\\"[\w-]*+"
    rb"|rel=\\\"[a-z ]*+|target=\\\"_blank|style=\\\"(?:%b)*+)\\\"" % (_WORDS, _DECLARATION)
)
_HREF = rb"href=\\\"(?:[/?#]|https?://)[^\"\\<>\x00-\x20]*+\\\""
_LINK_START = rb"<a(?: %b)*+ href=\\\"" % _SAFE_ATTRIBUTE
_ELEMENT = rb"(?:%b)(?: %b)*+ ?/?+" % (_any_of(ELEMENTS - {"a", "input", "button"}), _SAFE_ATTRIBUTE)
_ANCHOR = rb"a(?: (?:%b|%b))*+" % (_HREF, _SAFE_ATTRIBUTE)
_CHECKBOX = rb"input type=\\\"checkbox\\\"(?: (?:%b|checked|disabled))*+ ?/?+" % _SAFE_ATTRIBUTE
_UNKNOWN = rb"(?!(?:%b)[ >])[a-z][a-z0-9_.:]*+(?: [0-9a-df-hj-mqrt-z_][a-z0-9_.]*+)*+" % _any_of(ELEMENTS | ACTIVE)
_TAG = rb"<(?:/(?:%b)|%b|%b|%b|%b)>" % (_any_of(ELEMENTS), _ANCHOR, _ELEMENT, _CHECKBOX, _UNKNOWN)
_PLAIN = rb"\"(?:%b|%b)*+\"" % (_TEXT, _TAG)
_STRING = re.compile(_PLAIN)
_BLANKS = rb"[ \t\n\r]*+"
# A value is known as one by what follows; a key has to be simple, since its URLs are not ours to map.
_RUN = re.compile(
    rb"(?:[^\"<]*+(?:\"[^\"\\<]*+\"(?:%b:)?+|%b(?=%b[^: \t\n\r])))*+[^\"<]*+" % (_BLANKS, _PLAIN, _BLANKS)
)
_LINK = re.compile(rb"%b(?P<url>(?:[^\"\\<>&]|&(?!#|\w+;))*+)\\\"" % _LINK_START)


def end_of_run(text: bytes, start: int, end: int) -> int:
    """Up to where ``text[start:end]`` is JSON with plain strings only; `start` lies outside of a string."""
    return reach(_RUN, text, start, end)


def is_plain(text: bytes, start: int, end: int) -> bool:
    """Whether ``text[start:end]``, quotes included, is a plain string."""
    return _STRING.fullmatch(text, start, end) is not None


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


def only_common_links(rules: UrlRules, text: bytes, start: int, end: int) -> bytes | None:
    r"""How links name the monitor in ``text[start:end]``, where all strings are plain; None if it is named otherwise.

    In plain strings, ``<a href=\"`` can only begin a link, and the address ends where the grammar says.
    """
    if any(text.find(needle, start, end) >= 0 for needle in rules.needles if needle != rules.core):
        return None
    link = common_link(rules.plain)
    if text.count(rules.core, start, end) != text.count(link, start, end):
        return None
    return None if text.find(b"&", start, end) >= 0 and _doubtful(link).search(text, start, end) else link


def common_link(mount: bytes) -> bytes:
    """A link to a page below `mount`, up to its mount's slash."""
    return rb"<a href=\"%b/" % mount


@lru_cache(maxsize=8)
def _doubtful(link: bytes) -> re.Pattern[bytes]:
    """A link whose address holds what may be a character reference."""
    return re.compile(rb"%b[^\"&]*+(?:&(?!#|\w+;)[^\"&]*+)*+&" % re.escape(link))
