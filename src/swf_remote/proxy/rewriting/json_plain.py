r"""The commonest table cells as they stand in JSON, recognised without undoing their escapes: for speed only.

A plain string is text, and tags that do nothing with attributes that do nothing, each value in ``\"``. It is harmless
by ``cells_grammar``, and what it says of URLs stands in links alone; strings that are not plain are read in full.
"""

from __future__ import annotations

import re

from .cells_policy import PROPERTIES
from .edits import Edit
from .urls import UrlRules

_ELEMENTS = (
    rb"a|abbr|b|br|code|dd|div|dl|dt|em|h[1-6]|hr|i|kbd|li|ol|p|pre|s|samp|small|span|strong|sub|sup|table|tbody|td|"
    rb"tfoot|th|thead|tr|u|ul|wbr"
)
# No "<" in disguise, and no backslash that a second reading as JSON could take for an escape.
_ESCAPE = rb"\\(?:[\"/bfnrt]|u(?!003[Cc]|005[Cc])[0-9A-Fa-f]{4})"
_TEXT = rb"[^\"\\<]++|%b|<(?=[^A-Za-z/!?\"\\])" % _ESCAPE
_WORDS = rb"[^\"\\<>]*+"
_DECLARATION = rb"(?:%b): ?[a-z0-9#]++(?:;|(?=\\\"))" % b"|".join(
    name.encode() for name in sorted(PROPERTIES, key=len, reverse=True)
)
_SAFE_ATTRIBUTE = (
    rb"(?:(?:class|title|aria-label|role)=\\\"%b|data-fill=\\\"[\w-]*+|rel=\\\"[a-z ]*+|target=\\\"_blank"
    rb"|style=\\\"(?:%b)*+)\\\"" % (_WORDS, _DECLARATION)
)
_HREF = rb"(?:[/?#]|https?://)[^\"\\<>\x00-\x20]*+"
_LINK_START = rb"<a(?: %b)*+ href=\\\"" % _SAFE_ATTRIBUTE
_TAG = rb"<(?:/(?:%b)|(?:%b)(?: (?:%b|href=\\\"%b\\\"))*+ ?/?+)>" % (_ELEMENTS, _ELEMENTS, _SAFE_ATTRIBUTE, _HREF)

STRING = rb"\"(?:%b|%b)*+\"" % (_TEXT, _TAG)
"""Regular expression of a plain string with its quotes."""
_STRING = re.compile(STRING)
_LINK = re.compile(rb"%b(?P<url>(?:[^\"\\<>&]|&(?!#|\w+;))*+)\\\"" % _LINK_START)


def link_edits(rules: UrlRules, text: bytes, start: int, end: int) -> list[Edit] | None:
    """Edits of the links in the string ``text[start:end]`` (with quotes).

    None unless the string is plain, and links without character references hold all it says of the monitor.
    """
    if not _STRING.fullmatch(text, start, end):
        return None
    edits: list[Edit] = []
    seen = 0
    for link in _LINK.finditer(text, start, end):
        address = link.span("url")
        seen += text.count(rules.core, *address)
        edits += rules.url(text, *address)
    return edits if seen and seen == text.count(rules.core, start, end) else None
