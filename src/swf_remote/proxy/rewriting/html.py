"""URLs in HTML, by context: attributes, scripts, styles. Text, comments and all other bytes stay as they are.

Follows the tokeniser of WHATWG HTML 13.2.5 as far as it decides where a tag ends and which element's content is no
markup. A tag longer than ``LIMIT`` is read attribute by attribute, a value longer than that passes by unread.
``<noscript>`` is read as markup, for readers without scripts; a conditional comment is not. Documents of XML know no
element whose content is no markup but scripts and styles.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import html_grammar as grammar
from .candidates import Candidates
from .edits import Edit
from .html_attributes import CSRF, AttributeReader
from .html_content import content_language
from .html_raw_text import RawText
from .html_runs import PlainRuns
from .navigation_mode import KEY as MODE_KEY
from .nested import Nested
from .placement import CLASS, NoEnd, Placement, end_of_block, is_block
from .runs import reach
from .streaming import LIMIT, Scanner, View

_State = Callable[[View, int], int]
_PASSES = {"comment": grammar.COMMENT_END, "cdata": grammar.CDATA_END, "bogus": grammar.BOGUS_END}
_TAG_END = ord(">")
# Where a page is not plain, so much is read tag by tag before a whole run is tried again.
_NEAR = 128


class HtmlScanner:
    """A ``Scanner`` for a page, or for a piece of HTML inside of something else."""

    def __init__(
        self, nested: Nested, *, placement: Placement | None = None, part: bool = False, xml: bool = False
    ) -> None:
        """`placement`: what goes into the page; `part`: the text may end within a tag; `xml`: it is XHTML or SVG."""
        self._nested = nested
        self._reader = AttributeReader(nested)
        self._placement = placement
        self._part = part
        self._words = (*nested.rules.page_needles[1:], MODE_KEY, CSRF, *((CLASS,) if placement else ()))
        # Inside of another text, an edit must not span what is escaped there.
        self._runs = None if nested.depth else PlainRuns(nested.rules, self._words)
        self._candidates = Candidates((), b"", 0)
        self._state: _State = self._markup
        self._xml = xml
        self._foreign = int(xml)
        self._templates = 0
        self._tag_name = b""
        self._quote = b""
        self._passing = grammar.NEVER
        self._raw = RawText(b"script", foreign=False)
        self._inner: Scanner | None = None

    def scan(self, view: View, position: int) -> int:
        """Add the edits of what is in view; return up to where it is settled."""
        self._candidates = Candidates((self._nested.rules.core, *self._words), view.text, view.end)
        if self._runs:
            self._runs.begin(view, position, self._candidates, LIMIT)
        while True:
            state = self._state
            moved = state(view, position)
            if moved == position and self._state == state:
                return position
            position = moved

    def _markup(self, view: View, position: int) -> int:
        markup = self._state
        sought, tried = position, position
        while position < view.end:
            closely = self._reads_closely()
            if self._runs and not closely and position >= tried:
                begin, position = position, self._runs.end(position)
                tried = position + (0 if position - begin >= _NEAR else _NEAR)
                if self._runs.is_open_tag(position):
                    break
            candidate = self._candidates.after(max(sought, position))
            begin, position = position, self._over_boring(view.text, position, candidate, closely=closely)
            if position == candidate:
                sought = candidate + 1
                continue
            if position > begin and not closely:
                continue
            moved = position if closely else self._link(view, position, candidate)
            if moved == position:
                moved = self._construct(view, position)
            if moved == position or self._state != markup:
                return moved
            position = moved
        return position

    def _over_boring(self, text: bytes, position: int, candidate: int, *, closely: bool) -> int:
        """Step over text, and over tags in which nothing matters; not far where a whole run may follow."""
        if closely:
            return reach(grammar.TEXT, text, position, candidate)
        return reach(grammar.BORING, text, position, min(candidate, position + _NEAR) if self._runs else candidate)

    def _reads_closely(self) -> bool:
        """Whether every tag matters where the scanner stands, or only those that hold something."""
        return bool(self._foreign or self._templates or (self._placement and self._placement.wants_banner))

    def _construct(self, view: View, position: int) -> int:
        """Step over what begins with the "<" at `position`; stay there if its end has not come yet."""
        if view.end - position < grammar.LONGEST_OPENING and not view.final:
            return position
        opening = grammar.OPENING.match(view.text, position, view.end)
        if opening is None or opening.lastgroup is None:
            return position + 1
        if opening.lastgroup == "tag":
            return self._tag(view, position)
        if opening.lastgroup == "empty":
            return opening.end()
        return self._begin_passing(opening, opening.lastgroup)

    def _link(self, view: View, position: int, candidate: int) -> int:
        """Step over a plain link at `position` in which nothing but its address matters; else stay there."""
        link = grammar.LINK.match(view.text, position, min(view.end, position + LIMIT))
        if link is None:
            return position
        start, end = link.span("value")
        if candidate < start or self._candidates.after(max(candidate + 1, end)) < link.end():
            return position
        view.edits += self._nested.rules.url(view.text, start, end)
        return link.end()

    def _begin_passing(self, opening: re.Match[bytes], kind: str) -> int:
        if kind == "cdata" and not self._foreign:
            kind = "bogus"
        self._passing = _PASSES[kind]
        self._state = self._pass
        return opening.start() + 2 if kind == "bogus" else opening.end()

    def _pass(self, view: View, position: int) -> int:
        """Over a comment and the like, up to its end mark."""
        mark = self._passing.search(view.text, position, view.end)
        if mark:
            self._state = self._markup
            return mark.end()
        return max(position, view.end - grammar.LONGEST_END_MARK)

    def _tag(self, view: View, position: int) -> int:
        limit = min(view.end, position + LIMIT)
        tag = grammar.TAG.match(view.text, position, limit)
        if tag:
            return self._complete(tag, view)
        if limit - position >= LIMIT:
            return self._begin_long_tag(view.text, position, limit)
        if view.final and self._part:
            opening = grammar.TAG_OPENING.match(view.text, position, limit)
            view.edits += self._reader.part(view.text, opening.end(), limit) if opening else []
            return limit
        return position

    def _complete(self, tag: re.Match[bytes], view: View) -> int:
        name = tag["name"].lower()
        if tag["slash"]:
            self._leave(name)
            return tag.end()
        self._put_banner(name, view, tag.start(), is_body=False)
        if self._candidates.after(tag.start()) < tag.end():
            corner = self._corner(tag, name, view)
            if corner is not None:
                return corner
            view.edits += self._reader.tag(view.text, name, *tag.span("rest"))
        self._enter(name, view, *tag.span("rest"))
        return tag.end()

    def _put_banner(self, name: bytes, view: View, position: int, *, is_body: bool) -> None:
        """Insert the banner at `position`: behind ``<body>``, or before the first content of a page without it."""
        placement = self._placement
        if placement is None or not placement.wants_banner or self._templates or self._foreign > self._xml:
            return
        if name == b"body" if is_body else not (self._xml or name in grammar.HEAD):
            placement.banners += 1
            view.edits.append(Edit(position, position, placement.banner))

    def _corner(self, tag: re.Match[bytes], name: bytes, view: View) -> int | None:
        """Replace the account corner if `tag` opens the first; None if it does not, or has no end."""
        if self._placement is None or self._templates or not is_block(view.text, name, *tag.span("rest")):
            return None
        if self._placement.wanted:
            block = end_of_block(view.text, tag.start(), tag.end(), view.end, final=view.final)
            if block is NoEnd.NOT_YET:
                return tag.start()
            if isinstance(block, int):
                self._placement.blocks += 1
                self._placement.placed += 1
                view.edits.append(Edit(tag.start(), block, self._placement.controls))
                return block
            self._placement.without_end += 1
        self._placement.blocks += 1
        return None

    def _leave(self, name: bytes) -> None:
        """Go on behind the end tag `name`."""
        if name in grammar.FOREIGN:
            self._foreign = max(self._foreign - 1, int(self._xml))
        elif name == b"template":
            self._templates = max(self._templates - 1, 0)

    def _enter(self, name: bytes, view: View, start: int, end: int) -> None:
        """Go on with what follows the start tag `name`, whose attributes are ``text[start:end]``."""
        self._state = self._markup
        self._put_banner(name, view, end + 1, is_body=True)
        closed = view.text[end - 1 : end] == b"/"
        if name in grammar.FOREIGN:
            self._foreign += 0 if closed else 1
        elif name == b"template":
            self._templates += 0 if closed and self._foreign else 1
        elif name == b"plaintext" and not self._foreign:
            self._passing, self._state = grammar.NEVER, self._pass
        elif name in grammar.RAW_TEXT and not (self._foreign and (closed or name not in (b"script", b"style"))):
            self._raw = RawText(name, foreign=bool(self._foreign))
            language = content_language(name, view.text, start, end)
            self._inner = self._nested.scanner(language) if language else None
            self._state = self._raw_text

    def _raw_text(self, view: View, position: int) -> int:
        """The content of an element that is no markup, up to its end tag."""
        closing = self._raw.end(view, position)
        whole = view.final or closing is not None
        stop = view.end if view.final else max(position, view.end - grammar.LONGEST_RAW_END)
        stop = stop if closing is None else closing
        settled = self._inner.scan(View(view.text, stop, whole, view.edits), position) if self._inner else stop
        if closing is not None:
            self._state = self._markup
        settled = stop if whole else settled
        self._raw.settle(settled)
        return settled

    def _begin_long_tag(self, text: bytes, position: int, limit: int) -> int:
        opening = grammar.TAG_OPENING.match(text, position, limit)
        if opening is None:
            self._passing, self._state = grammar.BOGUS_END, self._pass
            return position + 1
        end_tag = text[position + 1 : position + 2] == b"/"
        self._tag_name = b"" if end_tag else opening["name"].lower()
        self._state = self._long_tag
        return opening.end()

    def _long_tag(self, view: View, position: int) -> int:
        """The next attribute of a tag that is too long to be read as a whole."""
        start = reach(grammar.BETWEEN, view.text, position, view.end)
        if start < view.end and view.text[start] == _TAG_END:
            self._enter(self._tag_name, view, start - 1, start)
            return start + 1
        limit = min(view.end, start + LIMIT)
        attribute = grammar.ATTRIBUTE.match(view.text, start, limit)
        if attribute and grammar.GOES_ON.match(view.text, attribute.end(), limit):
            view.edits += self._reader.tag(view.text, self._tag_name, *attribute.span())
            return attribute.end()
        if limit - start >= LIMIT:
            return self._begin_long_value(view.text, start, limit)
        return start

    def _begin_long_value(self, text: bytes, start: int, limit: int) -> int:
        opened = grammar.OPEN_VALUE.match(text, start, limit)
        if opened is None:
            return limit
        self._quote, self._state = opened["quote"], self._long_value
        return opened.end()

    def _long_value(self, view: View, position: int) -> int:
        """Over a value that is too long to be read."""
        quote = view.text.find(self._quote, position, view.end)
        if quote < 0:
            return view.end
        self._state = self._long_tag
        return quote + 1
