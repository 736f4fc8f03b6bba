"""The grammar of a style sheet's tokens as regular expressions (CSS Syntax 4), as far as it tells URLs; all linear.

``BORING`` is for speed: in one step it runs over code, whole comments and whole strings, and stops at a bracket that
may be that of ``url(``, however that is escaped.
"""

from __future__ import annotations

import re

from .escapes import without_css_escapes

# A backslash with what it escapes; "\r\n" is one line end, so "\r" alone waits for what follows.
_ESCAPED = rb"\\(?:\r(?:\n|(?=[\s\S]))|[^\r])"
_SINGLE = rb"(?:[^'\\\r\n\f]++|%b)*+" % _ESCAPED
_DOUBLE = rb'(?:[^"\\\r\n\f]++|%b)*+' % _ESCAPED
_COMMENT = rb"/\*(?:[^*]++|\*(?=[^/]))*+\*/"
_SPACE = rb"(?:[ \t\r\n\f]|/\*(?:[^*]|\*(?!/))*\*/)*"
_NAME = rb"(?:[\w-]|[\x80-\xff]|\\[0-9A-Fa-f]{1,6}+(?:\r\n|[ \t\r\n\f])?+|\\[^\r\n\f0-9A-Fa-f])"

# The last letter of "url", or what an escape of it may end with: "\6c", "\4C ".
BORING = re.compile(
    rb"(?:[^'\"/(\\]++|'%b'|\"%b\"|%b|/(?=[^*])|\\[\s\S]|(?<![lLcC \t\r\n\f])\()*+" % (_SINGLE, _DOUBLE, _COMMENT)
)
BODY = {ord("'"): re.compile(_SINGLE), ord('"'): re.compile(_DOUBLE)}
"""A string up to its closing quote, or as far as it goes."""
COMMENT_END = re.compile(rb"\*/")
URL_END = re.compile(rb"\)")
BARE_URL = re.compile(rb"(?:[^)\\]++|\\[\s\S])*+")
"""A URL without quotes up to its bracket, or as far as it goes."""
BLANKS = re.compile(rb"[ \t\r\n\f]*+")

_PLAIN_URL = re.compile(rb"(?:\A|(?<=[^\w-]))(?i:url)\Z")
# Each of the three letters takes eight bytes at most: backslash, six digits, a blank.
_LONGEST_NAME = 25
_FUNCTION = re.compile(rb"(?:\A|(?<=[^\w\\-]))(?P<name>%b{1,25})\Z" % _NAME)
_IMPORT = re.compile(rb"@(?P<name>%b{1,60})%b\Z" % (_NAME, _SPACE))
_CALL = re.compile(rb"(?P<name>%b{1,60})\([ \t\r\n\f]*\Z" % _NAME)
_IN_SET = re.compile(rb"image-set\([^;{}]*\Z")
_ANOTHER = re.compile(rb"[\"'][^\"'{};]*,%b\Z" % _SPACE)
_NAMESPACE = re.compile(rb"(?i:@namespace)\s[^;{}]*\Z")


def is_url_call(before: bytes) -> bool:
    """Whether the bracket behind `before` is that of ``url(``, and not of a namespace's name."""
    if b"\\" not in before:
        return _PLAIN_URL.search(before, max(0, len(before) - 4)) is not None and not _in_namespace(before)
    function = _FUNCTION.search(before, max(0, len(before) - _LONGEST_NAME))
    return function is not None and _meant(function["name"]) == b"url" and not _in_namespace(before)


def expects_url(before: bytes) -> bool:
    """Whether a string behind `before` is a URL: of ``url(``, ``src(``, ``@import`` or ``image-set(``."""
    called = _CALL.search(before) if before.rstrip().endswith(b"(") else None
    if called and _meant(called["name"]) in (b"url", b"src"):
        return not _in_namespace(before)
    rule = _IMPORT.search(before) if b"@" in before else None
    return (rule is not None and _meant(rule["name"]) == b"import") or is_in_set(before)


def is_in_set(before: bytes) -> bool:
    """Whether `before` ends inside of ``image-set(``, whose beginning is in sight."""
    return _IN_SET.search(before.lower()) is not None and not before.rstrip().endswith(b"type(")


def goes_on(before: bytes) -> bool:
    """Whether a string behind `before` is the next one of the same list as the string that `before` ends with."""
    return _ANOTHER.search(before) is not None


def _in_namespace(before: bytes) -> bool:
    return b"@" in before and _NAMESPACE.search(before) is not None


def _meant(name: bytes) -> bytes:
    return without_css_escapes(name, 0, len(name)).text.lower()
