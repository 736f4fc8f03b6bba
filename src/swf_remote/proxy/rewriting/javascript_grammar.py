"""The grammar of JavaScript's tokens as regular expressions, as far as it tells strings from the rest; all linear.

``BORING`` is for speed: in one step it runs over code, comments, strings and plain templates, and stops at a slash that
may begin a regular expression, at a template with holes, at a comment in the manner of HTML, and inside a hole at its
braces.
"""

from __future__ import annotations

import re

# A backslash with what it escapes; "\r\n" is one line end, so "\r" alone waits for what follows.
_ESCAPED = rb"\\(?:\r(?:\n|(?=[\s\S]))|[^\r])"
_COMMENT = rb"//[^\r\n]*+[\r\n]|/\*(?:[^*]++|\*(?=[^/]))*+\*/"
_SINGLE = rb"(?:[^'\\\r\n]++|%b)*+" % _ESCAPED
_DOUBLE = rb'(?:[^"\\\r\n]++|%b)*+' % _ESCAPED
_TEMPLATE = rb"(?:[^`\\$]++|\\[\s\S]|\$(?=[^{]))*+"
_QUOTED = rb"'%b'|\"%b\"|`%b`" % (_SINGLE, _DOUBLE, _TEMPLATE)
_NO_MARK = rb"<(?=[^!])|-(?=[^-])|--(?=[^->])"

BORING = re.compile(rb"(?:[^'\"`/<-]++|%b|%b|%b)*+" % (_NO_MARK, _QUOTED, _COMMENT))
"""Code outside of templates."""
BORING_IN_HOLE = re.compile(rb"(?:[^'\"`/{}<-]++|%b|%b|%b)*+" % (_NO_MARK, _QUOTED, _COMMENT))
"""Code inside a template's hole."""
BODY = {ord("'"): re.compile(_SINGLE), ord('"'): re.compile(_DOUBLE), ord("`"): re.compile(_TEMPLATE)}
"""A string up to its closing quote, or as far as it goes."""

BLOCK_COMMENT_END = re.compile(rb"\*/")
REGEX = re.compile(rb"/(?:[^/\\\[\r\n]++|\\[^\r\n]|\[(?:[^\]\\\r\n]++|\\[^\r\n])*+\])++(?P<end>/)?")
LINE_END = re.compile(rb"[\r\n]")
# Comments to the end of the line, the second only at its beginning (ECMAScript B.1.1).
HTML_OPEN, HTML_CLOSE = b"<!--", b"-->"
_BEGINS_LINE = re.compile(rb"(?:\A|[\r\n]|\*/)\s*\Z")

_OPERATOR = frozenset(b"(,=:[!&|?{};+-*%~^<>")
_KEYWORD = re.compile(
    rb"(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|instanceof|yield|await)\Z"
)
_COMMENT_AT_END = re.compile(rb"//[^\r\n]*\Z")
_OWN_ORIGIN = re.compile(
    rb"\$\{\s*(?:(?:(?:window|self|globalThis|document)\s*\.\s*)?location\s*\.\s*|(?:window|self|globalThis)\s*\.\s*)?"
    rb"origin\s*\}\Z"
)


def may_begin_regex(before: bytes) -> bool:
    """Whether a slash after `before` begins a regular expression rather than divides."""
    code = before.rstrip()
    if LINE_END.search(before, len(code)):
        code = _COMMENT_AT_END.sub(b"", code).rstrip()
    return not code or code[-1] in _OPERATOR or _KEYWORD.search(code) is not None


def begins_line(before: bytes) -> bool:
    """Whether nothing but blanks or a comment stands in the line before what follows `before`."""
    return _BEGINS_LINE.search(before) is not None


def is_own_origin(before: bytes) -> bool:
    """Whether `before` ends with a template's hole that holds the page's own origin and nothing else."""
    return _OWN_ORIGIN.search(before) is not None
