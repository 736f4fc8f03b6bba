"""What becomes of a string that is not harmless: a real HTML parser keeps of it what the policy lists.

The parser's word is not the last: its result has to fit the grammar, too, or the string is shown as the text it is.
A string that holds JSON is JSON as well as HTML, since nobody can tell what a page makes of it; both must be harmless.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache

import nh3

from . import cells_policy as policy
from .cells_grammar import is_harmless

NOTICE = "[left out: too long or too deep to be checked]"
# With more tags, or in longer strings, parsing may take more than linear time: such a string becomes text.
_MOST_TAGS = 500
_LONGEST_PARSED = 1 << 17
# JSON in JSON in JSON; each level doubles the backslashes.
_DEEPEST = 4
# HTML's mending may show JSON and the other way round; two rounds have always been enough.
_ROUNDS = 4
# One that does not end is a string, too, or looking for its end again and again would take more than linear time.
_INNER_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("|\\?\Z)', re.DOTALL)
_JSON_BEGINS = ("{", "[", '"')
_FORCED = {"button": {"type": "button"}}
_WRONG_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.)|\Z)", re.DOTALL)
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def mended(text: str, depth: int = 0) -> str:
    """`text` such that it is harmless as HTML and as JSON with HTML in it; `text` itself if it is already."""
    for _ in range(_ROUNDS):
        found = _markup(_inner_strings(text, depth))
        if found == text:
            return text
        text = found
    return NOTICE


def _markup(text: str) -> str:
    if is_harmless(text):
        return text
    if text.count("<") <= _MOST_TAGS and len(text) <= _LONGEST_PARSED:
        cleaned = _cleaner().clean(text)
        if is_harmless(cleaned):
            return cleaned
    return html.escape(text)


def _inner_strings(text: str, depth: int) -> str:
    """`text` with the strings inside of it mended, if it may hold JSON in which something is escaped."""
    if "\\" not in text or not text.lstrip().startswith(_JSON_BEGINS):
        return text
    if depth == _DEEPEST:
        return NOTICE
    return _INNER_STRING.sub(lambda found: _inner_string(found, depth), text)


def _inner_string(found: re.Match[str], depth: int) -> str:
    inner = meaning(found[1])
    harmless = mended(inner, depth + 1)
    return found[0] if harmless == inner else f'"{written(harmless)}{found[2]}'


def meaning(raw: str) -> str:
    """The inside of a JSON string without its escapes; half a character becomes U+FFFD, a wrong escape its letter."""
    if "\\" not in raw:
        return raw
    try:
        text: str = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        text = _WRONG_ESCAPE.sub(_lenient, raw)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def written(text: str) -> str:
    """`text` as the inside of a JSON string, in ASCII: the same in every character set that a body may claim."""
    return json.dumps(text)[1:-1]


def _lenient(escape: re.Match[str]) -> str:
    """What a forgiving reader may take the escape for; a browser's JSON parser refuses the whole text."""
    digits = escape[1] or escape[2]
    return chr(int(digits, 16)) if digits else _SINGLE.get(escape[3] or "", escape[3] or "")


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=policy.ELEMENTS - {"input"},
        clean_content_tags=set(policy.CONTENT_GOES_TOO),
        attributes={"*": set(policy.LISTED)},
        generic_attribute_prefixes={"data-", "aria-"},
        attribute_filter=_filtered,
        set_tag_attribute_values=_FORCED,
        link_rel=None,
        url_schemes=set(policy.SCHEMES),
    )


def _filtered(element: str, name: str, value: str) -> str | None:
    return value if policy.keeps(element, name, value) else None
