"""All scanners under one roof; the only module that knows every language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .css import CssScanner
from .edits import Edit
from .html import HtmlScanner
from .javascript import JavaScriptScanner
from .json import JsonScanner
from .nested import Language, Nested
from .streaming import Scanner, View
from .urls import UrlRules

# Each level takes one more escaping in the source; pages use three (HTML in a string in a script).
DEEPEST: Final = 5

_SCANNERS: Final[dict[Language, Callable[[Nested], Scanner]]] = {
    Language.HTML: HtmlScanner,
    Language.HTML_PART: lambda nested: HtmlScanner(nested, part=True),
    Language.CSS: CssScanner,
    Language.JAVASCRIPT: JavaScriptScanner,
    Language.JSON: JsonScanner,
}


class Languages:
    """The ``Nested`` of one level."""

    def __init__(self, rules: UrlRules, depth: int = 0) -> None:
        self.rules = rules
        self.depth = depth
        self._deeper: Languages | None = None

    def scanner(self, language: Language) -> Scanner:
        """A scanner for text of `language` at this level."""
        return _SCANNERS[language](self)

    def edits(self, language: Language, text: bytes) -> list[Edit]:
        """Edits of `text`, a whole piece of `language`, one level deeper."""
        found: list[Edit] = []
        if self.depth < DEEPEST:
            self._deeper = self._deeper or Languages(self.rules, self.depth + 1)
            self._deeper.scanner(language).scan(View(text, len(text), True, found), 0)
        return found
