"""URLs in HTML, by context: attributes, scripts, styles. Text, comments and all other bytes stay as they are.

Follows the tokeniser of WHATWG HTML 13.2.5 as far as it decides where a tag ends and which element's content is no
markup. A tag longer than ``LIMIT`` is read attribute by attribute, a value longer than that passes by unread.
``<noscript>`` is read as markup, for readers without scripts; a conditional comment is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import html_grammar as grammar
from .candidates import Candidates
from .edits import Edit
from .html_attributes import AttributeReader
from .nested import Language, Nested
from .placement import CLASS, NoEnd, Placement, end_of_block, is_block
from .streaming import LIMIT, Scanner

_State = Callable[[bytes, int, int, bool, list[Edit]], int]
_JSON_TYPES = re.compile(rb"importmap|speculationrules|[\w.+-]+/(?:[\w.-]+\+)?json")
_SCRIPT_TYPES = re.compile(rb"|module|babel|jsx|(?:text|application)/(?:x-)?(?:java|ecma)script(?:1\.[0-5])?")
_TEMPLATE_TYPES = re.compile(
    rb"text/(?:html|ng-template|(?:x-)?(?:template|tmpl|jquery-tmpl|handlebars(?:-template)?))"
)
_PASSES = {"comment": grammar.COMMENT_END, "cdata": grammar.CDATA_END, "bogus": grammar.BOGUS_END}


class HtmlScanner:
    """A ``Scanner`` for a page, or for a piece of HTML inside of something else."""

    def __init__(self, nested: Nested, *, placement: Placement | None = None, part: bool = False) -> None:
        """`placement`: what goes into the page's account corner; `part`: the text may end within a tag."""
        self._nested = nested
        self._reader = AttributeReader(nested)
        self._placement = placement
        self._part = part
        self._needles = (nested.rules.core, b"navMode", *((CLASS,) if placement else ()))
        self._candidates = Candidates((), b"", 0)
        self._state: _State = self._markup
        self._foreign = 0
        self._tag_name = b""
        self._quote = b""
        self._passing = grammar.NEVER
        self._raw_end = grammar.NEVER
        self._inner: Scanner | None = None

    def scan(self, text: bytes, start: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Add the edits of ``text[start:end]``; return up to where it is settled."""
        self._candidates = Candidates(self._needles, text, end)
        position = start
        while True:
            state = self._state
            moved = state(text, position, end, final, edits)
            if moved == position and self._state == state:
                return position
            position = moved

    def _markup(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        boring = grammar.TEXT.match if self._foreign else grammar.BORING.match
        markup, after = self._state, self._candidates.after
        sought = position
        while position < end:
            candidate = after(max(sought, position))
            run = boring(text, position, candidate)
            position = run.end() if run else position
            if position == candidate:
                sought = candidate + 1
                continue
            moved = self._construct(text, position, end, final, edits)
            if moved == position or self._state != markup:
                return moved
            position = moved
        return position

    def _construct(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Step over what begins with the "<" at `position`; stay there if its end has not come yet."""
        link = grammar.LINK.match(text, position, min(end, position + LIMIT))
        if link and self._is_all(link):
            edits += self._nested.rules.url(text, *link.span("value"))
            return link.end()
        if end - position < grammar.LONGEST_OPENING and not final:
            return position
        opening = grammar.OPENING.match(text, position, end)
        kind = opening.lastgroup if opening else None
        if opening is None or kind is None:
            return position + 1
        if kind == "tag":
            return self._tag(text, position, end, final, edits)
        if kind == "empty":
            return opening.end()
        self._passing = _PASSES["bogus" if kind == "cdata" and not self._foreign else kind]
        self._state = self._pass
        return opening.start() + 2 if kind == "bogus" else opening.end()

    def _is_all(self, link: re.Match[bytes]) -> bool:
        """Whether nothing in this link but its address can matter."""
        first = self._candidates.after(link.start())
        return first >= link.start("value") and self._candidates.after(max(first, link.end("value"))) >= link.end()

    def _pass(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Over a comment and the like, up to its end mark."""
        del edits
        mark = self._passing.search(text, position, end)
        if mark:
            self._state = self._markup
            return mark.end()
        return end if final else max(position, end - 3)

    def _tag(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        limit = min(end, position + LIMIT)
        tag = grammar.TAG.match(text, position, limit)
        if tag:
            return self._complete(tag, text, end, final, edits)
        if limit - position >= LIMIT:
            return self._begin_long_tag(text, position, limit)
        if not final:
            return position
        opening = grammar.TAG_OPENING.match(text, position, end) if self._part else None
        edits += self._reader.part(text, opening.end(), end) if opening else []
        return end

    def _complete(self, tag: re.Match[bytes], text: bytes, end: int, final: bool, edits: list[Edit]) -> int:
        name = tag["name"].lower()
        if tag["slash"]:
            self._foreign -= 1 if self._foreign and name in grammar.FOREIGN else 0
            return tag.end()
        if self._candidates.after(tag.start()) < tag.end():
            corner = self._corner(tag, name, text, end, final, edits)
            if corner is not None:
                return corner
            edits += self._reader.tag(text, name, *tag.span("rest"))
        self._enter(name, text, *tag.span("rest"))
        return tag.end()

    def _corner(
        self, tag: re.Match[bytes], name: bytes, text: bytes, end: int, final: bool, edits: list[Edit]
    ) -> int | None:
        """Replace the account corner if `tag` opens the first; None if it does not, or has no end."""
        if self._placement is None or not is_block(text, name, *tag.span("rest")):
            return None
        if self._placement.wanted:
            block = end_of_block(text, tag.start(), tag.end(), end, final=final)
            if block is NoEnd.NOT_YET:
                return tag.start()
            if isinstance(block, int):
                self._placement.blocks += 1
                self._placement.placed += 1
                edits.append(Edit(tag.start(), block, self._placement.controls))
                return block
        self._placement.blocks += 1
        return None

    def _enter(self, name: bytes, text: bytes, start: int, end: int) -> None:
        """Go on with what follows the start tag `name`, whose attributes are ``text[start:end]``."""
        self._state = self._markup
        closed = text[end - 1 : end] == b"/"
        if name in grammar.FOREIGN:
            self._foreign += 0 if closed else 1
        elif name == b"plaintext" and not self._foreign:
            self._passing, self._state = grammar.NEVER, self._pass
        elif name in grammar.RAW_TEXT and not (self._foreign and (closed or name not in (b"script", b"style"))):
            self._raw_end = grammar.RAW_END[name]
            language = _language(name, text, start, end)
            self._inner = self._nested.scanner(language) if language else None
            self._state = self._raw_text

    def _raw_text(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """The content of an element that is no markup, up to its end tag."""
        closing = self._raw_end.search(text, position, end)
        whole = final or closing is not None
        stop = closing.start() if closing else end if final else max(position, end - grammar.LONGEST_RAW_END)
        settled = self._inner.scan(text, position, stop, whole, edits) if self._inner else stop
        if closing:
            self._state = self._markup
        return stop if whole else settled

    def _begin_long_tag(self, text: bytes, position: int, limit: int) -> int:
        opening = grammar.TAG_OPENING.match(text, position, limit)
        if opening is None:
            self._passing, self._state = grammar.BOGUS_END, self._pass
            return position + 1
        end_tag = text[position + 1 : position + 2] == b"/"
        self._tag_name = b"" if end_tag else opening["name"].lower()
        self._state = self._long_tag
        return opening.end()

    def _long_tag(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """The next attribute of a tag that is too long to be read as a whole."""
        between = grammar.BETWEEN.match(text, position, end)
        start = between.end() if between else position
        if start < end and text[start] == ord(">"):
            self._enter(self._tag_name, text, start - 1, start)
            return start + 1
        limit = min(end, start + LIMIT)
        attribute = grammar.ATTRIBUTE.match(text, start, limit)
        if attribute and text[attribute.end() : limit].strip():
            edits += self._reader.tag(text, self._tag_name, *attribute.span())
            return attribute.end()
        if limit - start >= LIMIT:
            return self._begin_long_value(text, start, limit)
        return end if final else start

    def _begin_long_value(self, text: bytes, start: int, limit: int) -> int:
        opened = grammar.OPEN_VALUE.match(text, start, limit)
        if opened is None:
            return limit
        self._quote, self._state = opened["quote"], self._long_value
        return opened.end()

    def _long_value(self, text: bytes, position: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Over a value that is too long to be read."""
        del final, edits
        quote = text.find(self._quote, position, end)
        if quote < 0:
            return end
        self._state = self._long_tag
        return quote + 1


def _language(name: bytes, text: bytes, start: int, end: int) -> Language | None:
    """In which language the content of the raw text element `name` is written; None: in none that holds URLs."""
    if name == b"style":
        return Language.CSS
    if name != b"script":
        return None
    written = _script_type(text, start, end)
    for types, language in (
        (_SCRIPT_TYPES, Language.JAVASCRIPT),
        (_JSON_TYPES, Language.JSON),
        (_TEMPLATE_TYPES, Language.HTML),
    ):
        if types.fullmatch(written):
            return language
    return None


def _script_type(text: bytes, start: int, end: int) -> bytes:
    """The ``type`` of a script element, without parameters; empty when there is none."""
    for attribute in grammar.ATTRIBUTE.finditer(text, start, end):
        if attribute["name"].lower() == b"type":
            value = attribute["double"] or attribute["single"] or attribute["bare"] or b""
            return value.partition(b";")[0].strip().lower()
    return b""
