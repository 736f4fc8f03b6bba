"""What a JavaScript string or template part holds: a URL, JSON, or a piece of HTML as scripts put it together."""

from __future__ import annotations

import re
from functools import lru_cache

from .edits import Edit, shifted
from .nested import Language, Nested
from .urls import UrlRules
from .values import looks_like_json

_URL_END = re.compile(rb"[\s\"'<>]")
_RELATIVE = re.compile(rb"[/?&#.]")


def string_edits(nested: Nested, text: bytes, *, begins: bool) -> list[Edit]:
    """Edits of `text`, a string without its escapes; `begins`: nothing of the same literal stands before it."""
    if begins:
        found = nested.rules.substitute(text, 0, len(text))
        found = found or (nested.edits(Language.JSON, text) if looks_like_json(text) else [])
        if found:
            return found
    address = _address(nested.rules, text, begins=begins)
    return address + _markup(nested, text, address[-1].end if address else 0)


def _address(rules: UrlRules, text: bytes, *, begins: bool) -> list[Edit]:
    """Edits of the URL with which the string begins, or goes on."""
    ends = _URL_END.search(text)
    end = ends.start() if ends else len(text)
    if begins:
        begin = rules.begin(text, 0, len(text))
        if begin:
            return [begin, *rules.query(text, begin.end, end)]
    return rules.query(text, 0, end) if _RELATIVE.match(text) else []


def _markup(nested: Nested, text: bytes, start: int) -> list[Edit]:
    """Edits of HTML from `start` on: attributes before the first tag (it began in an earlier string), then tags."""
    opening = text.find(b"<", start)
    lead = len(text) if opening < 0 else opening
    closing = text.find(b">", start, lead)
    lead = lead if closing < 0 else closing
    attributes = [
        Edit(*match.span("url"), nested.rules.mount) for match in _attribute(nested.rules).finditer(text, start, lead)
    ]
    if opening < 0:
        return attributes
    found = nested.edits(Language.HTML_PART, text[opening:])
    return attributes + shifted(found, opening)


@lru_cache(maxsize=8)
def _attribute(rules: UrlRules) -> re.Pattern[bytes]:
    """An attribute that holds a URL outside of any tag in sight."""
    attribute = rb"(?:^|[\s\"'/])(?:href|src|(?:form)?action|poster|ping|srcset|(?:data|hx)-[\w-]+)\s*=\s*[\"']?\s*"
    return re.compile(rb"(?i:%b)(?P<url>%b)" % (attribute, rules.start_quoted))
