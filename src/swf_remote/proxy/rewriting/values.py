"""Strings of data, as JSON and ``data-`` attributes hold them: a URL, JSON or HTML with URLs, or just words."""

from __future__ import annotations

from .edits import Edit
from .nested import Language, Nested


class ValueScanner:
    """Looks at one complete string."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested

    def scan(self, text: bytes, start: int, end: int, final: bool, edits: list[Edit]) -> int:
        """Add the edits of ``text[start:end]``, the whole string."""
        assert final, "a string of data is looked at as a whole"
        value = text[start:end]
        found = self._nested.rules.whole(value)
        if found is None:
            found = self._nested.edits(Language.HTML, value) if b"<" in value else []
        edits += (Edit(edit.start + start, edit.end + start, edit.new) for edit in found)
        return end


def looks_like_json(text: bytes) -> bool:
    """Whether a string may hold a JSON object or array."""
    return text.lstrip()[:1] in (b"{", b"[") and b'"' in text
