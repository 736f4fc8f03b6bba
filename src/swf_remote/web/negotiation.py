"""Which representation a client wants, by its `Accept` header (RFC 9110, 12.5.1).

Answers are offered as a page for people and as a JSON document for programs. Problems are told in two more forms: as an
event to whoever listens to a stream, and as a JSON-RPC error to clients of the MCP address. Malformed ranges are
ignored.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

HTML = "html"
JSON = "json"

EVENTS = "text/event-stream"


class ErrorForm(StrEnum):
    """How a problem is told; the value is its media type."""

    PAGE = "text/html; charset=utf-8"
    DOCUMENT = "application/problem+json"
    EVENT = "text/event-stream; charset=utf-8"
    RPC = "application/json"


_TYPES = {HTML: ("text/html",), JSON: ("application/json", "application/problem+json")}

_WEIGHT = re.compile(r"0(\.\d*)?|1(\.0*)?")
_Rating = tuple[float, int]


def preferred(accept: str, default: str) -> str:
    """`HTML` or `JSON`: the one the client rates higher; `default` when it rates both alike, or neither.

    Of two with the same weight the one that is named wins over the one that a wildcard only admits.
    """
    ranges = _ranges(accept)
    html, json = (max(_rating(kind, ranges) for kind in _TYPES[offer]) for offer in (HTML, JSON))
    if html == json:
        return default
    return HTML if html > json else JSON


def error_form(headers: Mapping[str, str], *, rpc: bool = False) -> ErrorForm:
    """The form in which a client can read a problem.

    A script of a page gets a document whatever its `Accept` says: it cannot show a page. A client without a preference
    gets one, too: people's browsers always say that they want a page.

    Args:
        headers: at least `accept`, `x-requested-with` and `sec-fetch-dest`, as far as they came; names in lower case.
        rpc: the request is a JSON-RPC message.
    """
    if rpc:
        return ErrorForm.RPC
    accept = headers.get("accept", "")
    if _prefers_events(accept):
        return ErrorForm.EVENT
    by_script = headers.get("x-requested-with", "").lower() == "xmlhttprequest"
    if by_script or headers.get("sec-fetch-dest", "").lower() == "empty":
        return ErrorForm.DOCUMENT
    return ErrorForm.PAGE if preferred(accept, default=JSON) == HTML else ErrorForm.DOCUMENT


def _prefers_events(accept: str) -> bool:
    ranges = _ranges(accept)
    others = max(_rating(kind, ranges) for kinds in _TYPES.values() for kind in kinds)
    return _rating(EVENTS, ranges) > others


def _ranges(accept: str) -> dict[str, float]:
    """Media range → weight, 0 to 1."""
    found: dict[str, float] = {}
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if "/" in name:
            found[name] = _weight(parameters)
    return found


def _weight(parameters: list[str]) -> float:
    text = next((value.partition("=")[2] for value in parameters if value.startswith("q=")), "1")
    return float(text) if _WEIGHT.fullmatch(text) else 0.0


def _rating(media_type: str, ranges: dict[str, float]) -> _Rating:
    """Weight and exactness of the most specific range that matches `media_type`; zero when none does."""
    candidates = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next(((ranges[name], -loose) for loose, name in enumerate(candidates) if name in ranges), (0.0, -2))
