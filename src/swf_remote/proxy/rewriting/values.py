"""Strings of data, as JSON and ``data-`` attributes hold them: a URL, JSON or HTML with URLs, or just words."""

from __future__ import annotations

from .edits import Edit
from .nested import Language, Nested
from .streaming import View


class ValueScanner:
    """Looks at one complete string."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested

    def scan(self, view: View, position: int) -> int:
        """Add the edits of the string, which is in view as a whole."""
        value = view.text[position : view.end]
        found = self._nested.rules.whole(value)
        if found is None:
            found = self._nested.edits(Language.HTML, value) if b"<" in value else []
        view.edits += (Edit(edit.start + position, edit.end + position, edit.new) for edit in found)
        return view.end


def looks_like_json(text: bytes) -> bool:
    """Whether a string may hold a JSON object or array."""
    return text.lstrip()[:1] in (b"{", b"[") and b'"' in text
