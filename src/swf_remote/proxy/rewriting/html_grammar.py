"""The grammar of HTML's tokens as regular expressions (WHATWG HTML 13.2.5), all of them linear: nothing backtracks.

``BORING`` is for speed: in one step it runs over text and those tags whose reading is certain (lower-case names, all
values in double quotes) and stops before anything else.
"""

from __future__ import annotations

import re

_BLANK = rb" \t\n\r\f"
_ATTRIBUTE_NAME = rb"[^%b/>][^%b/>=]*+" % (_BLANK, _BLANK)
_VALUE = rb"\"[^\"]*+\"|'[^']*+'|(?![\"'])[^%b>]++" % _BLANK
_EQUALS = rb"[%b]*+=[%b]*+" % (_BLANK, _BLANK)
_NAME = rb"[A-Za-z][^%b/>]*+" % _BLANK

# A name that "=" follows has a value, or the tag is not complete; without this, an open quote would pass as a name.
_NO_VALUE = rb"(?![%b]*+=)" % _BLANK

TAG = re.compile(
    rb"<(?P<slash>/?)(?P<name>%b)(?P<rest>(?:[%b/]++|%b(?:%b(?:%b|(?=>))|%b))*+)>"
    % (_NAME, _BLANK, _ATTRIBUTE_NAME, _EQUALS, _VALUE, _NO_VALUE)
)
"""A complete start or end tag."""
A_TAG = re.compile(rb"</?(?:[A-Za-z]|\Z)")
"""What is a tag, or may become one with more text."""
TAG_OPENING = re.compile(rb"</?(?P<name>%b)(?=[%b/>])" % (_NAME, _BLANK))
"""A tag's beginning, as far as its name."""
BETWEEN = re.compile(rb"[%b/]*+" % _BLANK)
"""What may stand between attributes."""
GOES_ON = re.compile(rb"[%b]*+[^%b]" % (_BLANK, _BLANK))
"""That more than blanks follows, so that an attribute is known to be complete."""
ATTRIBUTE = re.compile(
    rb"(?P<name>%b)(?:%b(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>(?![\"'])[^%b>]++)|(?=>))|%b)"
    % (_ATTRIBUTE_NAME, _EQUALS, _BLANK, _NO_VALUE)
)
"""One attribute with its value."""
OPEN_VALUE = re.compile(rb"(?P<name>%b)%b(?P<quote>[\"'])" % (_ATTRIBUTE_NAME, _EQUALS))
"""An attribute up to the quote that opens its value."""

_CERTAIN_START = rb"[a-hj-loqru-wyz]|t[adhrb]|s[aelmopu]|str|i(?=[nm >])|na|p(?=[ >ar])|me"
_QUOTED_VALUES = rb"(?:(?<=[\w:.-])=\"[^\"]*+\"[^\"'>=]*+)*+"
_CERTAIN_REST = rb"[^%b/>\"'=]*+(?:[%b/][^\"'>=]*+%b)?+>" % (_BLANK, _BLANK, _QUOTED_VALUES)
BORING = re.compile(rb"(?:[^<]*+<(?:(?:/[A-Za-z]|%b)%b|(?=[^A-Za-z/!?])))*+[^<]*+" % (_CERTAIN_START, _CERTAIN_REST))
"""Text and plain tags that neither begin raw text nor foreign content."""
TEXT = re.compile(rb"(?:[^<]++|<(?=[^A-Za-z/!?]))*+")
"""Text alone, with any "<" that begins nothing."""
LINK = re.compile(
    rb"<a (?:class=\"[^\"]*+\" )?href=\"(?P<value> ?[/?][^\"&]*+(?:&amp;[^\"&]*+)*+)\"[^\"'>=]*+%b>" % _QUOTED_VALUES
)
"""The commonest tag that holds a URL, in its commonest form; "&amp;" reads like "&"."""

# Elements whose content is no markup. In SVG and MathML they are ordinary elements.
RAW_TEXT = frozenset({b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"})
FOREIGN = frozenset({b"svg", b"math"})
HEAD = frozenset(b"html head body meta link title script style base noscript template".split())
"""Elements that come before a page's content."""
RAW_END = {name: re.compile(rb"(?i:</%b)(?=[%b/>])" % (name, _BLANK)) for name in RAW_TEXT}

OPENING = re.compile(
    rb"<(?:(?P<tag>/?[A-Za-z])|(?P<empty>!---?>|/>)|(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<bogus>[!?/]))?"
)
"""What a "<" begins, told by the group that matched; none: it is text."""
LONGEST_OPENING = len(b"<![CDATA[")
# "--!>" but for its last byte.
LONGEST_END_MARK = 3
COMMENT_END = re.compile(rb"--!?>")
BOGUS_END = re.compile(rb">")
CDATA_END = re.compile(rb"\]\]>")
NEVER = re.compile(rb"(?!)")
LONGEST_RAW_END = len(b"</textarea") + 1


def attribute_value(name: bytes, text: bytes, start: int, end: int) -> bytes:
    """The raw value of attribute `name` (lower case) among ``text[start:end]``; empty without one. The first counts."""
    for attribute in ATTRIBUTE.finditer(text, start, end):
        if attribute["name"].lower() == name:
            return attribute["double"] or attribute["single"] or attribute["bare"] or b""
    return b""
