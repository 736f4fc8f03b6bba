"""What a browser would follow in a page: read by an HTML parser, told apart from the gateway's own reading of it.

An oracle: nothing here comes from the gateway's code, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import turbohtml

_NAMES = "href src action formaction poster cite background longdesc manifest data codebase icon ping xlink:href"
URL_ATTRIBUTES = frozenset(_NAMES.split())
SETS_OF_URLS = frozenset({"srcset", "imagesrcset"})
_REFRESH = re.compile(r"[\s0-9.]*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """One URL in a page."""

    tag: str
    attribute: str
    written: str
    """As it stands in the attribute, references resolved."""

    @property
    def loads(self) -> bool:
        """Whether a browser fetches it by itself."""
        return self.attribute in ("src", "srcset", "poster") or (self.tag == "link" and self.attribute == "href")


def elements_of(markup: str) -> Iterator[Any]:
    """All elements of a page or fragment, those in templates, too."""
    yield from _elements(turbohtml.parse(markup))


def _elements(top: Any) -> Iterator[Any]:
    # A stack of our own: mutated pages nest deeper than Python may.
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if isinstance(node, turbohtml.Element):
            yield node
        waiting += reversed(list(getattr(node, "children", ())))


def links_of(markup: str) -> list[Link]:
    """Every URL in an attribute that holds URLs, in document order."""
    return [link for element in elements_of(markup) for link in _links(element)]


def _links(element: Any) -> Iterator[Link]:
    for name, value in element.attrs.items():
        if element.namespace is not turbohtml.Namespace.HTML and name not in ("href", "xlink:href"):
            continue  # within pictures and formulas, nothing but links is followed
        text = " ".join(value) if isinstance(value, list) else (value or "")
        if name in SETS_OF_URLS:
            for part in text.split(","):
                if part.strip():
                    yield Link(element.tag, name, part.split()[0])
        elif name in URL_ATTRIBUTES or (name.startswith("data-") and name.endswith("url")):
            yield Link(element.tag, name, text.strip())
        elif name == "content" and element.tag == "meta" and (found := _REFRESH.fullmatch(text)):
            yield Link("meta", "content", found[1].strip())


def links_in_json(body: bytes) -> list[Link]:
    """URLs in the HTML cells and in the bare values of a JSON answer."""
    found: list[Link] = []
    waiting: list[Any] = [json.loads(body)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and "<" in value:
            found += links_of(value)
        elif isinstance(value, str) and re.match(r"/[a-z]|https?://", value):
            found.append(Link("json", "value", value))
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """Where links of pages may lead, seen from outside."""

    gateway: str
    """``http://host:port`` of the gateway."""
    mount: str = "/prod"
    monitor_mount: str = "/swf-monitor"
    named: frozenset[str] = frozenset()
    """Host names that links, never loads, may name (contract 3.3, 3.5)."""
    loaded: frozenset[str] = frozenset()
    """Host names that pages may load files from (contract 3.3)."""

    def fault(self, link: Link, page: str) -> str | None:
        """What is wrong with a link of the page at this URL; None when nothing is."""
        if not link.written or link.written.startswith(("javascript:", "data:", "mailto:", "about:", "#")):
            return None
        target = urlsplit(urljoin(page, link.written))
        allowed = self.loaded if link.loads else self.named | self.loaded
        if target.netloc != urlsplit(self.gateway).netloc:
            return None if target.hostname in allowed else f"names {target.netloc or target.scheme}"
        return self._inner_fault(target.path, target.query)

    def _inner_fault(self, path: str, query: str) -> str | None:
        if path != self.mount and not path.startswith(self.mount + "/"):
            return "leaves the mount"
        if self.monitor_mount in path:
            return "holds the monitor's mount"
        # The monitor has a page of the mount's own name; below it there is nothing.
        if path.startswith(2 * self.mount + "/") and path != 2 * self.mount + "/":
            return "has the mount twice"
        if any(value.startswith((self.monitor_mount, 2 * self.mount + self.mount)) for _, value in parse_qsl(query)):
            return "hands on the monitor's mount"
        return None
