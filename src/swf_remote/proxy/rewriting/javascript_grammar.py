"""The grammar of JavaScript's tokens as regular expressions, as far as it tells strings from the rest; all linear.

``BORING`` is for speed: in one step it runs over code, comments, strings and plain templates, and stops at a slash that
may begin a regular expression, at a template with holes, and inside a hole at its braces.
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

BORING = re.compile(rb"(?:[^'\"`/]++|%b|%b)*+" % (_QUOTED, _COMMENT))
"""Code outside of templates."""
BORING_IN_HOLE = re.compile(rb"(?:[^'\"`/{}]++|%b|%b)*+" % (_QUOTED, _COMMENT))
"""Code inside a template's hole."""
BODY = {ord("'"): re.compile(_SINGLE), ord('"'): re.compile(_DOUBLE), ord("`"): re.compile(_TEMPLATE)}
"""A string up to its closing quote, or as far as it goes."""

LINE_COMMENT = re.compile(rb"[^\r\n]*+(?P<end>[\r\n])?")
BLOCK_COMMENT = re.compile(rb"(?:[^*]++|\*(?=[^/]))*+(?P<end>\*/)?")
REGEX = re.compile(rb"/(?:[^/\\\[\r\n]++|\\[^\r\n]|\[(?:[^\]\\\r\n]++|\\[^\r\n])*+\])++(?P<end>/)?")
LINE_END = re.compile(rb"[\r\n]")

_OPERATOR = frozenset(b"(,=:[!&|?{};+-*%~^<>")
_KEYWORD = re.compile(
    rb"(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|instanceof|yield|await)\Z"
)
_COMMENT_AT_END = re.compile(rb"//[^\r\n]*\Z")
_ASKS_MODE = re.compile(
    rb"(?:(?<![\w$.])(?:window|self|globalThis)\s*\.\s*)?(?<![\w$])(?P<call>localStorage\s*\.\s*getItem\s*\(\s*)\Z"
)
MODE_KEY = b"navMode"
CALL_END = re.compile(rb"\s*\)")


def may_begin_regex(before: bytes) -> bool:
    """Whether a slash after `before` begins a regular expression rather than divides."""
    code = before.rstrip()
    if LINE_END.search(before, len(code)):
        code = _COMMENT_AT_END.sub(b"", code).rstrip()
    return not code or code[-1] in _OPERATOR or _KEYWORD.search(code) is not None


def mode_call(before: bytes) -> int | None:
    """If `before` ends with ``localStorage.getItem(``: how long that is; also of a global's (``window.``)."""
    call = _ASKS_MODE.search(before)
    if call is None or before[call.start() - 1 : call.start()] == b".":
        return None
    return len(before) - call.start()
