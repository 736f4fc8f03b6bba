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
from .runs import reach
from .streaming import LIMIT, LOOK_BACK, View

_BACKTICK, _SLASH, _STAR, _OPEN, _CLOSE, _BACKSLASH, _DOLLAR = b"`/*{}\\$"
# Far more than people or programs nest; beyond, a backtick is an ordinary character.
_DEEPEST_TEMPLATE = 1000
# Every slash may begin one, so looking for its end has to be cheap.
_LONGEST_REGEX = 1024


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

    def scan(self, view: View, position: int) -> int:
        """Add the edits of the strings in view; return up to where it is settled."""
        self._candidates = Candidates(self._needles, view.text, view.end)
        while position < view.end:
            if self._comment:
                moved = self._pass_comment(self._comment, view, position)
            elif self._long_quote:
                moved = self._pass_string(view, position)
            elif self._in_template:
                moved = self._template_part(view, position)
            else:
                moved = self._code(view, position)
            if moved == position:
                break
            position = moved
        return position

    def _code(self, view: View, position: int) -> int:
        boring = grammar.BORING_IN_HOLE if self._templates else grammar.BORING
        sought = position
        while position < view.end:
            candidate = self._candidates.after(max(sought, position))
            position = reach(boring, view.text, position, candidate)
            if position < candidate:
                return self._token(view, position)
            sought = candidate + 1
        return position

    def _token(self, view: View, position: int) -> int:
        """Step over the token at `position` that needs a closer look; stay there if its end has not come yet."""
        first = view.text[position]
        if first == _SLASH:
            return self._slash(view, position)
        if first == _BACKTICK:
            self._open_template()
            return position + 1
        if first in (_OPEN, _CLOSE):
            self._brace(first)
            return position + 1
        return self._string(view, position)

    def _slash(self, view: View, position: int) -> int:
        """A comment, a regular expression or a division."""
        if position + 1 >= view.end:
            return position
        second = view.text[position + 1]
        if second in (_SLASH, _STAR):
            self._comment = grammar.LINE_COMMENT if second == _SLASH else grammar.BLOCK_COMMENT
            return position + 2
        before = view.text[max(0, position - LOOK_BACK) : position]
        return self._regex(view, position) if grammar.may_begin_regex(before) else position + 1

    def _regex(self, view: View, position: int) -> int:
        limit = min(view.end, position + _LONGEST_REGEX)
        regex = grammar.REGEX.match(view.text, position, limit)
        if regex and regex["end"]:
            return regex.end()
        may_come = limit == view.end and not view.final and not grammar.LINE_END.search(view.text, position, limit)
        return position if may_come and limit - position < _LONGEST_REGEX else position + 1

    def _pass_comment(self, comment: re.Pattern[bytes], view: View, position: int) -> int:
        passed = comment.match(view.text, position, view.end)
        if passed and passed["end"]:
            self._comment = None
        return passed.end() if passed else position

    def _pass_string(self, view: View, position: int) -> int:
        """Over the rest of a string or template part that is too long to be read."""
        stop = reach(grammar.BODY[self._long_quote], view.text, position, view.end)
        if not self._is_end(view.text, stop, view.end):
            return stop
        in_template = self._long_quote == _BACKTICK
        self._long_quote = 0
        return self._end_template_part(view.text, stop) if in_template else stop + 1

    def _is_end(self, text: bytes, stop: int, end: int) -> bool:
        """Whether the text of a string or template part ends at `stop`, and not only what has come of it."""
        if stop >= end or text[stop] == _BACKSLASH:
            return False
        return text[stop] != _DOLLAR or stop + 1 < end

    def _string(self, view: View, position: int) -> int:
        text, quote, limit = view.text, view.text[position], min(view.end, position + LIMIT)
        stop = reach(grammar.BODY[quote], text, position + 1, limit)
        if not self._is_end(text, stop, limit):
            return self._unfinished(view, position, position + 1)
        if text[stop] != quote:
            return stop
        if text[position + 1 : stop] == grammar.MODE_KEY:
            return self._mode(view, position, stop)
        view.edits += self._literal(text, position + 1, stop, begins=True)
        return stop + 1

    def _unfinished(self, view: View, position: int, inside: int) -> int:
        """What to do with a string from `position` whose end is not in sight; its text goes on at `inside`."""
        if view.end - position < LIMIT:
            return position
        self._long_quote = _BACKTICK if self._in_template else view.text[position]
        return self._pass_string(view, inside)

    def _mode(self, view: View, position: int, stop: int) -> int:
        """``localStorage.getItem('navMode')``: only the string stays, with the mode as its text."""
        length = grammar.mode_call(view.text[max(0, position - LOOK_BACK) : position])
        if length is None:
            return stop + 1
        limit = min(view.end, stop + LOOK_BACK)
        closing = grammar.CALL_END.match(view.text, stop + 1, limit)
        if closing is None:
            may_come = limit == view.end and not view.final and not view.text[stop + 1 : limit].strip()
            return position if may_come else stop + 1
        view.edits += (
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

    def _template_part(self, view: View, position: int) -> int:
        """The text of a template up to its end or to the next hole."""
        limit = min(view.end, position + LIMIT)
        stop = reach(grammar.BODY[_BACKTICK], view.text, position, limit)
        if not self._is_end(view.text, stop, limit):
            return self._unfinished(view, position, position)
        template = self._templates[-1]
        view.edits += self._literal(view.text, position, stop, begins=template.bare)
        template.bare = template.bare and stop == position
        return self._end_template_part(view.text, stop)

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
