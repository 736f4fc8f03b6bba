"""URLs in JavaScript: strings and templates that begin with one or hold HTML or JSON with URLs. Code stays as it is.

A string that is not closed in its line ends there, as in the language: what follows is read aright again. A string
or a template's part longer than ``LIMIT`` passes by unread. ``localStorage.getItem('navMode')`` becomes
``'production'`` (contract 1.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import javascript_grammar as grammar
from .candidates import Candidates
from .edits import Edit, carried_back
from .escapes import plain, without_backslashes
from .javascript_strings import string_edits
from .nested import Nested
from .streaming import LIMIT, LOOK_BACK

_BACKTICK, _SLASH, _STAR, _OPEN, _CLOSE = b"`/*{}"
# Far more than people or programs nest; beyond, a backtick is an ordinary character.
_DEEPEST_TEMPLATE = 1000


@dataclass(slots=True)
class _Template:
    """A template literal that is open: the braces open in its current hole, and whether it had no text so far."""

    braces: int = 0
    bare: bool = True


class JavaScriptScanner:
    """A ``Scanner`` for scripts."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self._needles = (nested.rules.core, grammar.MODE_KEY)
        self._candidates = Candidates((), b"", 0)
        self._comment: re.Pattern[bytes] | None = None
        self._long_quote = 0
        self._templates: list[_Template] = []
        self._in_template = False

    def scan(self, text: bytes, start: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Add the edits of ``text[start:end]``; return up to where it is settled."""
        self._candidates = Candidates(self._needles, text, end)
        position = start
        while position < end:
            if self._comment:
                moved = self._pass_comment(self._comment, text, position, end, final)
            elif self._long_quote:
                moved = self._pass_string(text, position, end, final)
            elif self._in_template:
                moved = self._template_part(text, position, end, final, edits)
            else:
                moved = self._code(text, position, end, final, edits)
            if moved == position:
                break
            position = moved
        return position

    def _code(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        boring = grammar.BORING_IN_HOLE.match if self._templates else grammar.BORING.match
        sought = position
        while position < end:
            candidate = self._candidates.after(max(sought, position))
            run = boring(text, position, candidate)
            position = run.end() if run else position
            if position < candidate:
                return self._token(text, position, end, final, edits)
            sought = candidate + 1
        return position

    def _token(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Step over the token at `position` that needs a closer look; stay there if its end has not come yet."""
        first = text[position]
        if first == _SLASH:
            return self._slash(text, position, end, final)
        if first == _BACKTICK:
            self._open_template()
            return position + 1
        if first in (_OPEN, _CLOSE):
            self._brace(first)
            return position + 1
        return self._string(text, position, end, final, edits)

    def _slash(self, text: bytes, position: int, end: int, final: bool) -> int:
        """A comment, a regular expression or a division."""
        if position + 1 >= end:
            return end if final else position
        second = text[position + 1]
        if second in (_SLASH, _STAR):
            self._comment = grammar.LINE_COMMENT if second == _SLASH else grammar.BLOCK_COMMENT
            return position + 2
        if not grammar.may_begin_regex(text[max(0, position - LOOK_BACK) : position]):
            return position + 1
        limit = min(end, position + LIMIT)
        regex = grammar.REGEX.match(text, position, limit)
        if regex and regex["end"]:
            return regex.end()
        unfinished = not grammar.LINE_END.search(text, position, limit)
        return position if unfinished and not final and limit - position < LIMIT else position + 1

    def _pass_comment(self, comment: re.Pattern[bytes], text: bytes, position: int, end: int, final: bool) -> int:
        passed = comment.match(text, position, end)
        if passed and passed["end"]:
            self._comment = None
            return passed.end()
        return end if final or not passed else passed.end()

    def _pass_string(self, text: bytes, position: int, end: int, final: bool) -> int:
        """Over the rest of a string or template part that is too long to be read."""
        body = grammar.BODY[self._long_quote].match(text, position, end)
        stop = body.end() if body else position
        if stop >= end or text[stop] == ord("\\"):
            return end if final else stop
        if self._long_quote == _BACKTICK:
            if stop + 1 >= end and text[stop] != _BACKTICK:
                return end if final else stop
            self._long_quote = 0
            return self._end_template_part(text, stop)
        self._long_quote = 0
        return stop + 1

    def _string(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        quote = text[position]
        limit = min(end, position + LIMIT)
        body = grammar.BODY[quote].match(text, position + 1, limit)
        stop = body.end() if body else limit
        if stop >= limit or text[stop] == ord("\\"):
            return self._unfinished(quote, position + 1, position, limit, final)
        if text[stop] != quote:
            return stop
        if text[position + 1 : stop] == grammar.MODE_KEY:
            return self._mode(text, position, stop, end, final, edits)
        edits += self._literal(text, position + 1, stop, begins=True)
        return stop + 1

    def _unfinished(self, quote: int, inside: int, position: int, limit: int, final: bool) -> int:
        """What to do with a string from `position` whose end is not in sight; its text goes on at `inside`."""
        if limit - position >= LIMIT:
            self._long_quote = quote
            return inside
        return limit if final else position

    def _mode(self, text: bytes, position: int, stop: int, end: int, final: bool, edits: list[Edit]) -> int:
        """``localStorage.getItem('navMode')``: only the string stays, with the mode as its text."""
        length = grammar.mode_call(text[max(0, position - LOOK_BACK) : position])
        if length is None:
            return stop + 1
        limit = min(end, stop + LOOK_BACK)
        closing = grammar.CALL_END.match(text, stop + 1, limit)
        if closing is None:
            may_come = limit == end and not final and not text[stop + 1 : limit].strip()
            return position if may_come else stop + 1
        edits += (
            Edit(position - length, position, b""),
            Edit(position + 1, stop, b"production"),
            Edit(stop + 1, closing.end(), b""),
        )
        return closing.end()

    def _open_template(self) -> None:
        if len(self._templates) < _DEEPEST_TEMPLATE:
            self._templates.append(_Template())
            self._in_template = True

    def _brace(self, brace: int) -> None:
        template = self._templates[-1]
        if brace == _CLOSE and not template.braces:
            self._in_template = True
        else:
            template.braces += 1 if brace == _OPEN else -1

    def _template_part(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """The text of a template up to its end or to the next hole."""
        limit = min(end, position + LIMIT)
        body = grammar.BODY[_BACKTICK].match(text, position, limit)
        stop = body.end() if body else limit
        if stop >= limit or (text[stop] != _BACKTICK and stop + 1 >= limit):
            return self._unfinished(_BACKTICK, position, position, limit, final)
        template = self._templates[-1]
        edits += self._literal(text, position, stop, begins=template.bare)
        template.bare = template.bare and stop == position
        return self._end_template_part(text, stop)

    def _end_template_part(self, text: bytes, stop: int) -> int:
        """Go on behind the backtick or the ``${`` at `stop`."""
        self._in_template = False
        if text[stop] == _BACKTICK:
            self._templates.pop()
            return stop + 1
        return stop + 2

    def _literal(self, text: bytes, start: int, end: int, *, begins: bool) -> list[Edit]:
        if text.find(self._nested.rules.core, start, end) < 0:
            return []
        escaped = text.find(b"\\", start, end) >= 0
        decoded = without_backslashes(text, start, end) if escaped else plain(text, start, end)
        return carried_back(string_edits(self._nested, decoded.text, begins=begins), decoded, text)
