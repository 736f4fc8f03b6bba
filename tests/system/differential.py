"""Compares what the monitor says with what the gateway makes of it, node by node: only allowed differences pass.

Its reading of URLs is its own and knows nothing of the gateway's code. Allowed are: URLs that moved with the mount, the
account corner, the forced navigation mode, CSRF tokens, the time at which a page was built, and files served in place
of public ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import turbohtml

URLS = frozenset(("href", "src", "action", "formaction", "poster", "cite", "background", "data", "icon", "ping"))
BUILT_AT = re.compile(r"\d{8} \d\d:\d\d:\d\d [A-Z]{2,5}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)?")
NAVIGATION_MODE = re.compile(r"localStorage\.getItem\((['\"])navMode\1\)")
# Windows that end now, as the monitor's processes write them each for itself; and the framework's token in a script.
NOW = re.compile(r"\d{4}-\d\d-\d\dT\d\d(?::|%3A)\d\d(?::|%3A)\d\d\.(?!999999)\d{6}")
TOKEN = re.compile(r'"csrfToken": "\w+"')
WIDTH_OF_STRIP = 1000
# True of the moment at which somebody asks, not of what is asked for.
OF_THE_MOMENT = frozenset(
    (
        "built_at",
        "generated_at",
        "product_built_at",
        "product_age_seconds",
        "product_refreshing",
        "latest_checked_at",
        "data_as_of",
    )
)


# The line of firing alarms that the gateway may put above a page's content; it comes and goes with them.
BADGE = re.compile(r'<section aria-label="Firing alarms" style="[^"<>]*">.*?</section>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Move:
    """Where URLs move, by an oracle of its own."""

    theirs: str = "/swf-monitor"
    ours: str = "/prod"
    origin: str = ""
    """The monitor's own ``http://host:port``, which no reader can reach."""
    substitutes: Mapping[str, str] = field(default_factory=dict)
    """Public files and the addresses of ours that stand in for them."""

    def url(self, written: str) -> str:
        """Where a URL of the monitor's page leads on a page of ours."""
        if written in self.substitutes:
            return self.substitutes[written]
        if self.origin and written.startswith(self.origin + self.theirs):
            written = written.removeprefix(self.origin)
        head, mark, query = written.partition("?")
        if re.match(re.escape(self.theirs) + r"(?:[/#]|$)", head):
            head = self.ours + head[len(self.theirs) :]
        return head + mark + self._query(query) if mark else head

    def _query(self, query: str) -> str:
        query = re.sub(rf"(^|[=&]){re.escape(self.theirs)}(?=[/?#&]|$)", rf"\g<1>{self.ours}", query)
        encoded = self.theirs.replace("/", "%2F")
        ours = self.ours.replace("/", "%2F")
        return re.sub(rf"=({re.escape(encoded)})(?=%2F|&|$)", f"={ours}", query, flags=re.IGNORECASE)

    def script(self, text: str) -> str:
        """A script whose string literals begin with the mount, or hold markup whose URLs do."""
        text = NAVIGATION_MODE.sub("'production'", text)
        return re.sub(rf"(?<=[\"'`]){re.escape(self.theirs)}(?=[/?#\"'`]|\\[\"'])", self.ours, text)

    def style(self, text: str) -> str:
        """A style sheet's URLs."""
        return re.sub(rf"(?<=[(\"']){re.escape(self.theirs)}(?=[/?#)\"'])", self.ours, text)

    def value(self, text: str) -> str:
        """A string of data that is a URL, or only words."""
        return self.url(text) if re.match(re.escape(self.theirs) + r"(?:[/?#]|$)", text) else text


class Comparison:
    """Collects the differences of one page."""

    def __init__(self, mapping: Move) -> None:
        self._mapping = mapping
        self.found: list[str] = []

    def pages(self, said: str, shown: str) -> list[str]:
        """The differences of two whole pages."""
        self._node(turbohtml.parse(said), turbohtml.parse(BADGE.sub("", shown, count=1)), "")
        return self.found

    def data(self, said: bytes, shown: bytes) -> list[str]:
        """The differences of two JSON answers: values, their kinds, their spelling, the order of keys."""
        try:
            self._value(_read(said), _read(shown), "$")
        except ValueError:
            self._differ("$", said, shown)
        return self.found

    def _differ(self, where: str, said: object, shown: object) -> None:
        self.found.append(f"{where}: {said!r:.300} became {shown!r:.300}")

    def _node(self, said: Any, shown: Any, where: str) -> None:
        kinds = type(said).__name__, type(shown).__name__
        if kinds[0] != kinds[1]:
            self._differ(where, *kinds)
        elif isinstance(said, turbohtml.Element):
            self._element(said, shown, f"{where}/{said.tag}")
        elif hasattr(said, "data"):
            if self._settled(said.data, where) != self._settled(shown.data, where, ours=True):
                self._differ(where, said.data, shown.data)
        else:
            self._children(said, shown, where)

    def _settled(self, text: str, where: str, *, ours: bool = False) -> str:
        if "main-time-info" in where:
            return BUILT_AT.sub("(then)", text)
        text = TOKEN.sub("(token)", NOW.sub("(now)", text))
        if ours:
            return text
        if where.endswith("/script"):
            return self._mapping.script(text)
        return self._mapping.style(text) if where.endswith("/style") else text

    def _element(self, said: Any, shown: Any, where: str) -> None:
        if said.tag != shown.tag:
            self._differ(where, said.tag, shown.tag)
            return
        classes = said.attrs.get("class") or []
        where += "." + ".".join(classes) if classes else ""
        self._attributes(said, shown, where)
        if classes == ["nav-auth"]:  # ours in place of theirs (contract 3.1)
            return
        self._children(said, shown, where)

    def _attributes(self, said: Any, shown: Any, where: str) -> None:
        if list(said.attrs) != list(shown.attrs):
            self._differ(f"{where} attributes", list(said.attrs), list(shown.attrs))
            return
        token = said.tag == "input" and said.attrs.get("name") == "csrfmiddlewaretoken"
        for name, value in said.attrs.items():
            if token and name == "value":
                continue
            expected, got = self._expected(name, value, said), shown.attrs[name]
            if "main-time-info" in where and name == "datetime":
                expected, got = BUILT_AT.sub("(then)", expected), BUILT_AT.sub("(then)", got)
            if not _is_near(expected, got, where, name) and _timeless(expected) != _timeless(got):
                self._differ(f"{where}@{name}", value, got)

    def _expected(self, name: str, value: Any, element: Any) -> Any:
        if not isinstance(value, str):
            return value
        if name in URLS:
            return self._mapping.url(value)
        if name.startswith("on"):
            return self._mapping.script(value)
        hidden = element.tag == "input" and element.attrs.get("type") == "hidden"
        if name.startswith("data-") or (name == "value" and (hidden or element.tag in ("option", "button"))):
            return self._mapping.value(value)
        return self._mapping.style(value) if name == "style" else value

    def _children(self, said: Any, shown: Any, where: str) -> None:
        for one, other in zip_longest(said.children, shown.children):
            if one is None or other is None:
                self._differ(where, one and repr(one), other and repr(other))
                return
            self._node(one, other, where)

    def _value(self, said: Any, shown: Any, where: str) -> None:
        if type(said) is not type(shown):
            self._differ(where, said, shown)
        elif isinstance(said, dict):
            if list(said) != list(shown):
                self._differ(f"{where} keys", list(said), list(shown))
            for name in (name for name in said if name in shown and name not in OF_THE_MOMENT):
                self._value(said[name], shown[name], f"{where}.{name}")
        elif isinstance(said, list):
            if len(said) != len(shown):
                self._differ(f"{where} length", len(said), len(shown))
            for number, (one, other) in enumerate(zip(said, shown, strict=False)):
                self._value(one, other, f"{where}[{number}]")
        elif isinstance(said, str) and "<" in said:
            self._node(turbohtml.parse(said), turbohtml.parse(shown), where)
        elif (self._mapping.value(said) if isinstance(said, str) else said) != shown:
            self._differ(where, said, shown)


def _is_near(said: Any, shown: Any, where: str, name: str) -> bool:
    """Of a job that goes on, the strip of its states shrinks with each second that it is asked about later."""
    return ".strip/" in where and name in ("x", "width") and abs(float(said) - float(shown)) < WIDTH_OF_STRIP / 100


def _timeless(value: Any) -> Any:
    return NOW.sub("(now)", value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number as it is written."""

    text: str


def _read(body: bytes) -> Any:
    return json.loads(body, parse_int=Spelled, parse_float=Spelled)


# What the gateway says itself of every answer, and what it takes away (contract 1.4, 10; RFC 9110 7.6.1).
OURS = frozenset(
    """
    x-request-id x-swf-cache server-timing age x-robots-tag server content-security-policy permissions-policy
    cross-origin-resource-policy cross-origin-opener-policy x-content-type-options referrer-policy x-frame-options
    strict-transport-security via date x-swf-notes
    """.split()  # noqa: SIM905 - a list of words
)
TAKEN = frozenset({"set-cookie", "x-xss-protection", "connection", "keep-alive", "transfer-encoding", "date", "server"})
OF_THE_BYTES = frozenset({"content-length", "etag", "content-encoding", "accept-ranges", "last-modified"})
_MAPPED = frozenset({"location", "content-location"})


def header_differences(
    said: Mapping[str, str], shown: Mapping[str, str], mapping: Move, *, rewritten: bool
) -> Iterator[str]:
    """What is told differently in the headers (names in lower case) beyond what is allowed."""
    ignored = OURS | TAKEN | (OF_THE_BYTES if rewritten else frozenset())
    for name in sorted((said.keys() | shown.keys()) - ignored):
        if not _same(name, said.get(name), shown.get(name), mapping.url):
            yield f"header {name}: {said.get(name)!r} became {shown.get(name)!r}"


def _same(name: str, said: str | None, shown: str | None, url: Callable[[str], str]) -> bool:
    if name == "vary":  # more may be said, and a page varies with its reader
        return _members(said) <= _members(shown)
    if name == "cache-control":  # the table may make an answer private
        return said == shown or (said is None and shown in ("private", "no-store", "private, no-cache", "no-cache"))
    if name == "etag" and said is None:  # what is kept has a tag of ours
        return shown is not None and shown.startswith('W/"')
    if name in _MAPPED and said is not None:
        return url(said) == shown
    return said == shown


def _members(value: str | None) -> set[str]:
    return {member.strip().lower() for member in (value or "").split(",")} - {""}
