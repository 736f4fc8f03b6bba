"""How one language finds the scanner of another inside it: script in HTML, HTML in strings, JSON in attributes."""

from __future__ import annotations

from enum import Enum, auto
from typing import Protocol

from .edits import Edit
from .streaming import Scanner
from .urls import UrlRules


class Language(Enum):
    """What a text is written in."""

    HTML = auto()
    """A complete piece of HTML."""
    HTML_PART = auto()
    """A piece of HTML that may end within a tag, as a script puts pages together."""
    CSS = auto()
    JAVASCRIPT = auto()
    JSON = auto()


class Nested(Protocol):
    """The scanners of all languages, for one level of nesting."""

    @property
    def rules(self) -> UrlRules:
        """What a URL of the monitor is."""

    @property
    def depth(self) -> int:
        """How many other texts this one stands in as a string or a value; 0: in none."""

    def scanner(self, language: Language) -> Scanner:
        """A scanner for text of `language` that stands where the caller stands."""

    def edits(self, language: Language, text: bytes) -> list[Edit]:
        """Edits of `text`, a whole piece of `language`, one level deeper; none below the deepest level."""
