"""URLs in JavaScript: strings and templates that begin with one or hold HTML or JSON with URLs. Code stays as it is.

A string that is not closed in its line ends there, as in the language: what follows is read aright again. A string
or a template's part longer than ``LIMIT`` passes by unread. The navigation mode is settled (``navigation_mode``).
"""

from __future__ import annotations

from dataclasses import dataclass

from . import javascript_grammar as grammar
from .edits import Edit, carried_back, shifted
from .escapes import without_backslashes
from .javascript_strings import string_edits
from .navigation_mode import KEY, answered, asked
from .nested import Nested
from .runs import reach
from .streaming import LIMIT, LOOK_BACK, View
from .tokens import TokenScanner

_BACKTICK, _SLASH, _STAR, _OPEN, _CLOSE, _DOLLAR, _LESS, _MINUS = b"`/*{}$<-"
_KEY_IN_BACKTICKS = b"`" + KEY + b"`"
# Far more than people or programs nest; beyond, a backtick is an ordinary character.
_DEEPEST_TEMPLATE = 1000
# Every slash may begin one, so looking for its end has to be cheap.
_LONGEST_REGEX = 1024


@dataclass(slots=True)
class _Template:
    """A template literal that is open: the braces open in its current hole, and whether it had no text so far."""

    braces: int = 0
    bare: bool = True


class JavaScriptScanner(TokenScanner):
    """A ``Scanner`` for scripts."""

    def __init__(self, nested: Nested) -> None:
        needles = (*nested.rules.page_needles, KEY)
        super().__init__(needles, grammar.BORING, grammar.BODY, name=KEY, named=self._property)
        self._nested = nested
        self._templates: list[_Template] = []

    def _token(self, view: View, position: int) -> int:
        first = view.text[position]
        if first == _SLASH:
            return self._slash(view, position)
        if first == _BACKTICK:
            return self._backtick(view, position)
        if first in (_OPEN, _CLOSE):
            self._brace(first)
            return position + 1
        if first in (_LESS, _MINUS):
            return self._html_comment(view, position, grammar.HTML_OPEN if first == _LESS else grammar.HTML_CLOSE)
        return self._string(view, position)

    def _property(self, view: View, position: int) -> int | None:
        """``localStorage.navMode``; None if the name belongs to something else."""
        if self._nested.depth:
            return None
        ask = asked(view.text[max(0, position - LOOK_BACK) : position])
        if ask is None or ask.kind != "property":
            return None
        key = (position, position + len(KEY))
        return answered(view, ask, key, key)

    def _slash(self, view: View, position: int) -> int:
        """A comment, a regular expression or a division."""
        if position + 1 >= view.end:
            return position
        second = view.text[position + 1]
        if second in (_SLASH, _STAR):
            return self._pass_to(grammar.LINE_END if second == _SLASH else grammar.BLOCK_COMMENT_END, position + 2)
        before = view.text[max(0, position - LOOK_BACK) : position]
        return self._regex(view, position) if grammar.may_begin_regex(before) else position + 1

    def _regex(self, view: View, position: int) -> int:
        limit = min(view.end, position + _LONGEST_REGEX)
        regex = grammar.REGEX.match(view.text, position, limit)
        if regex and regex["end"]:
            return regex.end()
        may_come = limit == view.end and not view.final and not grammar.LINE_END.search(view.text, position, limit)
        return position if may_come and limit - position < _LONGEST_REGEX else position + 1

    def _html_comment(self, view: View, position: int, mark: bytes) -> int:
        """A comment that `mark` opens, or a comparison, a subtraction."""
        begun = view.text[position : min(view.end, position + len(mark))]
        if begun != mark:
            return position if mark.startswith(begun) and not view.final else position + 1
        before = view.text[max(0, position - LOOK_BACK) : position]
        if mark == grammar.HTML_OPEN or grammar.begins_line(before):
            return self._pass_to(grammar.LINE_END, position + len(mark))
        return position + len(mark)

    def _long_string(self, view: View, position: int) -> int:
        """The same; a template's part may end with a hole."""
        moved = super()._long_string(view, position)
        ended = self._state == self._code
        return self._end_template_part(view.text, moved - 1) if ended and self._quote == _BACKTICK else moved

    def _is_end(self, text: bytes, stop: int, end: int) -> bool:
        """The same; a dollar alone may yet become the beginning of a hole."""
        return super()._is_end(text, stop, end) and (text[stop] != _DOLLAR or stop + 1 < end)

    def _string(self, view: View, position: int) -> int:
        text, quote, limit = view.text, view.text[position], min(view.end, position + LIMIT)
        stop = reach(grammar.BODY[quote], text, position + 1, limit)
        if not self._is_end(text, stop, limit):
            return position if view.end - position < LIMIT else self._pass_string(quote, position + 1)
        if text[stop] != quote:
            return stop
        if text[position + 1 : stop] == KEY:
            return self._key(view, position, stop)
        view.edits += self._literal(text, position + 1, stop, begins=True)
        return stop + 1

    def _key(self, view: View, position: int, stop: int) -> int:
        """The navigation mode's name as a string, whose quotes are at `position` and `stop`."""
        ask = asked(view.text[max(0, position - LOOK_BACK) : position])
        if ask is None or ask.kind == "property":
            return stop + 1
        after = answered(view, ask, (position, stop + 1), (position + 1, stop))
        return stop + 1 if after is None else after

    def _backtick(self, view: View, position: int) -> int:
        begun = view.text[position : min(view.end, position + len(_KEY_IN_BACKTICKS))]
        if begun == _KEY_IN_BACKTICKS:
            return self._key(view, position, position + len(begun) - 1)
        if not view.final and _KEY_IN_BACKTICKS.startswith(begun):
            return position
        if len(self._templates) < _DEEPEST_TEMPLATE:
            self._templates.append(_Template())
            self._boring = grammar.BORING_IN_HOLE
            self._state = self._template_part
        return position + 1

    def _brace(self, brace: int) -> None:
        template = self._templates[-1]
        if brace == _CLOSE and not template.braces:
            self._state = self._template_part
        else:
            template.braces += 1 if brace == _OPEN else -1

    def _template_part(self, view: View, position: int) -> int:
        """The text of a template up to its end or to the next hole."""
        limit = min(view.end, position + LIMIT)
        stop = reach(grammar.BODY[_BACKTICK], view.text, position, limit)
        if not self._is_end(view.text, stop, limit):
            if view.end - position < LIMIT:
                return position
            self._templates[-1].bare = False
            return self._pass_string(_BACKTICK, position)
        view.edits += self._literal(view.text, position, stop, begins=self._begins(view.text, position, stop))
        return self._end_template_part(view.text, stop)

    def _begins(self, text: bytes, start: int, stop: int) -> bool:
        """Whether the part ``text[start:stop]`` is where a URL begins: at the front or behind our origin."""
        template = self._templates[-1]
        first, bare = text[start - 1] == _BACKTICK, template.bare
        template.bare = first and start == stop
        return bare and (first or grammar.is_own_origin(text[max(0, start - LOOK_BACK) : start]))

    def _end_template_part(self, text: bytes, stop: int) -> int:
        """Go on behind the backtick or the ``${`` at `stop`."""
        self._state = self._code
        if text[stop] == _BACKTICK:
            self._templates.pop()
            self._boring = grammar.BORING_IN_HOLE if self._templates else grammar.BORING
            return stop + 1
        return stop + 2

    def _literal(self, text: bytes, start: int, end: int, *, begins: bool) -> list[Edit]:
        if not self._nested.rules.concerns(text, start, end):
            return []
        if text.find(b"\\", start, end) < 0:
            return shifted(string_edits(self._nested, text[start:end], begins=begins), start)
        decoded = without_backslashes(text, start, end)
        return carried_back(string_edits(self._nested, decoded.text, begins=begins), decoded, text)
