"""Which attributes hold URLs, and in what form. All others (titles, labels, what people typed) stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import html_grammar as grammar
from .edits import Edit, carried_back, shifted
from .escapes import without_references
from .html_grammar import attribute_value
from .navigation_mode import KEY as MODE_KEY
from .nested import Language, Nested
from .runs import reach
from .values import looks_like_json, value_edits

_URL = frozenset(
    b"href src action formaction poster cite background longdesc manifest data codebase icon lowsrc dynsrc profile "
    b"xlink:href xml:base".split()
)
_URL_LIST = frozenset({b"ping", b"archive", b"attributionsrc"})
# Attributes of SVG that may hold url(), as in a style sheet.
_STYLE = frozenset(b"style fill stroke filter mask clip-path cursor marker-start marker-mid marker-end".split())
# Where a public file is loaded, for which ours may stand in.
_LOADS = frozenset({(b"script", b"src"), (b"script", b"href"), (b"script", b"xlink:href"), (b"link", b"href")})
_SOURCE_SET = frozenset({b"srcset", b"imagesrcset"})
# Where ``value`` is not what a person typed: it is posted back, or a script opens it.
_HOLDS_URL_VALUE = frozenset({b"option", b"button", b"param"})
_DATA = (b"data-", b"hx-")
_REFRESH = re.compile(rb"[\s0-9.]*[;,\s]\s*(?:[Uu][Rr][Ll]\s*=\s*)?[\"']?")
_SOURCE = re.compile(rb"[\s,]*+(?P<url>\S*[^\s,])(?:,+|(?:\s[^,(]*+(?:\([^)]*+\)?+[^,(]*+)*+)?+(?:,|\Z))")
_LISTED = re.compile(rb"\S+")
_JAVASCRIPT = re.compile(rb"[\x00-\x20]*javascript:", re.IGNORECASE)
# The monitor's token against forged forms: new in every answer, worth nothing behind the gateway (contract 1.4).
CSRF = b"csrfmiddlewaretoken"
_Reader = Callable[[bytes], list[Edit]]


class AttributeReader:
    """Finds the edits in a tag's attributes."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self._rules = nested.rules

    def tag(self, text: bytes, tag: bytes, start: int, end: int) -> list[Edit]:
        """Edits in the attributes ``text[start:end]`` of the start tag named `tag` (lower case)."""
        if tag == b"input" and _is_csrf_field(text, start, end):
            return _blanked(text, start, end)
        edits: list[Edit] = []
        for attribute in grammar.ATTRIBUTE.finditer(text, start, end):
            if attribute.lastgroup != "name" and attribute.lastgroup is not None:
                name, value = attribute["name"].lower(), attribute.span(attribute.lastgroup)
                if name == b"integrity" and self._loads_substitute(text, tag, start, end):
                    edits.append(Edit(*attribute.span(), b""))
                else:
                    edits += self.attribute(text, tag, name, *value, rest=(start, end))
        return edits

    def attribute(
        self, text: bytes, tag: bytes, name: bytes, start: int, end: int, *, rest: tuple[int, int] = (0, 0)
    ) -> list[Edit]:
        """Edits in one value ``text[start:end]``; `rest` spans all attributes of its tag, as far as they are known."""
        if not self._rules.concerns(text, start, end) and text.find(MODE_KEY, start, end) < 0:
            return []
        reader = self._reader(text, tag, name, rest)
        if reader is None:
            return []
        references = text.count(b"&", start, end)
        # Whether a query's names are set apart by "&" or by the end of "&amp;" makes no difference.
        if not references or (reader == self._url and references == text.count(b"&amp;", start, end)):
            return shifted(reader(text[start:end]), start)
        decoded = without_references(text, start, end)
        return carried_back(reader(decoded.text), decoded, text)

    def part(self, text: bytes, position: int, end: int) -> list[Edit]:
        """Edits in the attributes from `position` on of a tag that breaks off at `end`, perhaps within a value."""
        edits: list[Edit] = []
        position = reach(grammar.BETWEEN, text, position, end)
        while attribute := grammar.ATTRIBUTE.match(text, position, end):
            edits += self.tag(text, b"", *attribute.span())
            position = reach(grammar.BETWEEN, text, attribute.end(), end)
        opened = grammar.OPEN_VALUE.match(text, position, end)
        return edits + self.attribute(text, b"", opened["name"].lower(), opened.end(), end) if opened else edits

    def _loads_substitute(self, text: bytes, tag: bytes, start: int, end: int) -> bool:
        """Whether the tag loads a public file for which ours stands in: another build, with another hash."""
        names = (name for loading, name in _LOADS if loading == tag)
        return any(self._substitute(attribute_value(name, text, start, end)) for name in names)

    def _reader(self, text: bytes, tag: bytes, name: bytes, rest: tuple[int, int]) -> _Reader | None:
        if (tag, name) in _LOADS:
            return self._load
        if name in _URL:
            return self._url
        if name.startswith(_DATA):
            return self._data
        if name.startswith(b"on"):
            return self._language(Language.JAVASCRIPT)
        if name == b"value" and not _holds_url(text, tag, rest):
            return None
        return self._by_name().get(name)

    def _by_name(self) -> dict[bytes, _Reader]:
        return {
            **dict.fromkeys(_SOURCE_SET, self._source_set),
            **dict.fromkeys(_URL_LIST, self._list),
            **dict.fromkeys(_STYLE, self._language(Language.CSS)),
            b"srcdoc": self._language(Language.HTML),
            b"content": self._content,
            b"value": self._data,
        }

    def _language(self, language: Language) -> _Reader:
        return lambda text: self._nested.edits(language, text)

    def _url(self, text: bytes) -> list[Edit]:
        script = _JAVASCRIPT.match(text)
        if script is None:
            return self._rules.url(text, 0, len(text))
        return shifted(self._nested.edits(Language.JAVASCRIPT, text[script.end() :]), script.end())

    def _load(self, text: bytes) -> list[Edit]:
        return self._substitute(text) or self._url(text)

    def _substitute(self, text: bytes) -> list[Edit]:
        return self._rules.substitute(text, 0, len(text))

    def _data(self, text: bytes) -> list[Edit]:
        if looks_like_json(text):
            return self._nested.edits(Language.JSON, text)
        blanks = len(text) - len(text.lstrip())
        return shifted(value_edits(self._nested, text.strip()), blanks)

    def _list(self, text: bytes) -> list[Edit]:
        return [edit for word in _LISTED.finditer(text) for edit in self._rules.url(text, *word.span())]

    def _source_set(self, text: bytes) -> list[Edit]:
        return [edit for source in _SOURCE.finditer(text) for edit in self._rules.url(text, *source.span("url"))]

    def _content(self, text: bytes) -> list[Edit]:
        """``<meta content>``: a refresh (``0; url=…``), or a URL alone."""
        refresh = _REFRESH.match(text)
        start = refresh.end() if refresh else 0
        end = len(text.rstrip().rstrip(b"\"'")) if refresh else len(text)
        return self._rules.url(text, start, end)


def _is_csrf_field(text: bytes, start: int, end: int) -> bool:
    return text.find(CSRF, start, end) >= 0 and attribute_value(b"name", text, start, end) == CSRF


def _blanked(text: bytes, start: int, end: int) -> list[Edit]:
    """Edits that empty the tag's value, so that pages that differ in a token only are the same."""
    edits = []
    for attribute in grammar.ATTRIBUTE.finditer(text, start, end):
        group = attribute.lastgroup
        if attribute["name"].lower() == b"value" and group in ("double", "single", "bare"):
            edits.append(Edit(*attribute.span(group), b'""' if group == "bare" else b""))
    return edits


def _holds_url(text: bytes, tag: bytes, rest: tuple[int, int]) -> bool:
    """Whether ``value`` of this tag may be a URL: a hidden field, or an element of whom scripts take it."""
    if tag != b"input":
        return tag in _HOLDS_URL_VALUE
    return attribute_value(b"type", text, *rest).strip().lower() == b"hidden"
