"""Which representation a client wants, by its `Accept` header (RFC 9110, 12.5.1).

Only two are ever offered: a page for people, a JSON document for programs. Malformed ranges are ignored.
"""

import re

HTML = "html"
JSON = "json"

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
