"""Strings of data, as JSON and ``data-`` attributes hold them: a URL, JSON or HTML with URLs, or just words."""

from __future__ import annotations

from .edits import Edit
from .nested import Language, Nested


def value_edits(nested: Nested, text: bytes) -> list[Edit]:
    """Edits of `text`, a complete string of data."""
    found = nested.rules.whole(text)
    if found is not None:
        return found
    return nested.edits(Language.HTML, text) if b"<" in text else []


def looks_like_json(text: bytes) -> bool:
    """Whether a string may hold a JSON object or array."""
    return text.lstrip()[:1] in (b"{", b"[") and b'"' in text
