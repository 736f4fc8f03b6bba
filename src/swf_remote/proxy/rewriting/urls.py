"""What a URL of the monitor looks like, and what becomes of it: the one place that knows both mounts.

Works on decoded text. The prefix counts only at the beginning of a URL and when ``/``, ``?``, ``#`` or the end follows;
``url_grammar`` says how browsers read it. An absolute URL stays (contract 3.5: it means the monitor inside the
laboratory) unless its host is where the tunnel ends, which no reader can reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from swf_remote.proxy.sites import Sites
from swf_remote.proxy.substitutes import NEEDLES, substitutes

from . import url_grammar as grammar
from .edits import Edit


class UrlRules:
    """The monitor's URLs and ours, for one pair of sites."""

    def __init__(self, sites: Sites, *, hosts: Iterable[str] | None = None, public: bool = False) -> None:
        """`hosts`: whose absolute URLs are mapped; in bodies, the default, those that only the gateway can dial.

        `public`: such a URL stays absolute, as one of our public address if that is set.
        """
        self.mount = sites.mount.encode()
        self._absolute = (_origin(sites.public_url) if public else b"") + self.mount
        self._mountless = tuple(path.encode() for path in sites.mountless)
        self.core = grammar.longest_word(sites.monitor_mount)
        """A word of the prefix that no escape touches: without it, a text holds no URL of the monitor."""
        self.needles = (self.core, *{grammar.longest_word(path) for path in sites.mountless})
        """Words of which one is in every text that holds a URL of the monitor, or one that lacks its mount."""
        self._substitutes = _encoded(substitutes(sites.substitutes)) if sites.substitutes else {}
        self._public = NEEDLES if self._substitutes else ()
        self.page_needles = (self.core, *self._public)
        """Words of which one is in every text of a page that holds a URL of the monitor or of a public file."""
        origins = grammar.origins(sites.dialled_hosts if hosts is None else hosts)
        mount = grammar.spellings(sites.monitor_mount)
        self._dead_origin: re.Pattern[bytes] = re.compile(grammar.origins(sites.dialled_hosts))
        self.start_quoted = rb"(?:%b)?%b(?=[/?#\"'\s>]|\Z)" % (origins, mount)
        """Regular expression of a URL's beginning where a quote, a space or a bracket marks its end."""
        self._start = re.compile(grammar.beginning(sites.monitor_mount, origins))
        self.plain = sites.monitor_mount.encode()
        """The monitor's mount as it is commonly written."""
        self._query_value = re.compile(grammar.query_value(mount, origins))

    def url(self, text: bytes, start: int, end: int) -> list[Edit]:
        """Edits where ``text[start:end]``, spaces around it aside, is one URL reference."""
        while start < end and text[start] <= grammar.SPACE:
            start += 1
        while start < end and text[end - 1] <= grammar.SPACE:
            end -= 1
        begin = self.begin(text, start, end)
        if begin:
            return [begin, *self.query(text, begin.end, end)]
        if grammar.FOREIGN.match(text, start, end):
            return []
        return self.query(text, start, end)

    def begin(self, text: bytes, start: int, end: int) -> Edit | None:
        """The edit of the monitor's mount with which the URL reference ``text[start:end]`` begins; None without it."""
        after = start + len(self.plain)
        if after < end and text.startswith(self.plain, start) and text[after] in b"/?#":
            return Edit(start, after, self.mount)
        match = self._start.match(text, start, end)
        if match is None:
            return None
        mount = self.mount if match["origin"] is None else self._absolute
        return Edit(start, match.end(), (match["up"] or b"") + mount)

    def query(self, text: bytes, start: int, end: int) -> list[Edit]:
        """Edits of the monitor's URLs among the query values of ``text[start:end]``, the tail of a URL."""
        if text.find(self.core, start, end) < 0:
            return []
        return [self._value(match) for match in self._query_value.finditer(text, start, end)]

    def whole(self, text: bytes) -> list[Edit] | None:
        """Edits where all of `text` is a URL and nothing else, without a blank or a bracket; None where it is not."""
        if not text or grammar.NOT_IN_URL.search(text):
            return self._without_mount(text)
        if text[:1] in b"/?#." or self._start.match(text):
            return self._without_mount(text) or self.url(text, 0, len(text))
        return None

    def substitute(self, text: bytes, start: int, end: int) -> list[Edit]:
        """The edit where ``text[start:end]`` is the address of a public file in whose place we serve ours."""
        public = grammar.ADDRESS.match(text, start, end) if self._substitutes else None
        ours = self._substitutes.get(public["address"]) if public else None
        return [Edit(*public.span("file"), ours)] if public and ours else []

    def concerns(self, text: bytes, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` is worth a closer look."""
        return text.find(self.core, start, end) >= 0 or any(text.find(word, start, end) >= 0 for word in self._public)

    def without_origin(self, url: bytes) -> bytes:
        """`url` without an origin that no reader can reach; an upstream address is nobody's business."""
        origin = self._dead_origin.match(url)
        end = origin.end() if origin else 0
        if not end or url[end : end + 1] not in (b"", b"/", b"?", b"#"):
            return url
        return url[end:] or b"/"

    def _without_mount(self, text: bytes) -> list[Edit] | None:
        return [Edit(0, 1, self.mount + b"/")] if text.startswith(self._mountless) and b"<" not in text else None

    def _value(self, match: re.Match[bytes]) -> Edit:
        if match["plain"] is not None:
            return Edit(*match.span("plain"), self.mount)
        return Edit(*match.span("encoded"), self.mount.replace(b"/", match["slash"]))


def _origin(url: str) -> bytes:
    """``https://host`` of a URL; empty of an empty one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".encode() if parts.netloc else b""


def _encoded(addresses: dict[str, str]) -> dict[bytes, bytes]:
    return {public.encode(): ours.encode() for public, ours in addresses.items()}
