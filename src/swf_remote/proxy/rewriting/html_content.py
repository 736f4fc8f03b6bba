"""In which language the content of a raw text element (``<script>``, ``<style>``) is written."""

from __future__ import annotations

import re

from .html_grammar import attribute_value
from .nested import Language

_TYPES = (
    (
        re.compile(rb"|module|babel|jsx|(?:text|application)/(?:x-)?(?:java|ecma)script(?:1\.[0-5])?"),
        Language.JAVASCRIPT,
    ),
    (re.compile(rb"importmap|speculationrules|[\w.+-]+/(?:[\w.-]+\+)?json"), Language.JSON),
    (
        re.compile(rb"text/(?:html|ng-template|(?:x-)?(?:template|tmpl|jquery-tmpl|handlebars(?:-template)?))"),
        Language.HTML,
    ),
)


def content_language(name: bytes, text: bytes, start: int, end: int) -> Language | None:
    """The language inside element `name` with attributes ``text[start:end]``; None: it holds no URLs of pages."""
    if name == b"style":
        return Language.CSS
    if name != b"script":
        return None
    written = attribute_value(b"type", text, start, end).partition(b";")[0].strip().lower()
    return next((language for types, language in _TYPES if types.fullmatch(written)), None)
