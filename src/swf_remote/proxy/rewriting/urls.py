"""What a URL of the monitor looks like, and what becomes of it: the one place that knows both mounts.

Works on decoded text. The prefix counts only at the beginning of a URL and when ``/``, ``?``, ``#`` or the end follows.
An absolute URL stays (contract 3.5: it means the monitor inside the laboratory) unless its host is where the tunnel
ends, which no reader can reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from swf_remote.proxy.sites import LOOPBACK, Sites

from .edits import Edit

_BLANK = b" \t\n\r\f\0"
_FOREIGN = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:|//")
_NOT_IN_URL = re.compile(rb'[\x00-\x20<>"\x7f]')
_WORD = re.compile(r"[A-Za-z0-9]+")


class UrlRules:
    """The monitor's URLs and ours, for one pair of sites."""

    def __init__(self, sites: Sites, *, hosts: Iterable[str] | None = None) -> None:
        """`hosts`: whose absolute URLs are mapped; in bodies, the default, those that only the gateway can dial."""
        self.mount = sites.mount.encode()
        self._encoded = self.mount.replace(b"/", b"%2F")
        self._mountless = tuple(path.encode() for path in sites.mountless)
        mount = _spellings(sites.monitor_mount)
        origin = _origins(sites.dialled_hosts if hosts is None else hosts)
        self.core = _longest_word(sites.monitor_mount)
        """A word of the prefix that no escape touches: without it, a text holds no URL of the monitor."""
        self.needles = (self.core, *{_longest_word(path) for path in sites.mountless})
        """Words of which one is in every text that holds a URL of the monitor, or one that lacks its mount."""
        self._dead_origin: re.Pattern[bytes] = re.compile(_origins(sites.dialled_hosts))
        self.start = rb"(?:%b)?%b(?=[/?#]|\Z)" % (origin, mount)
        """Regular expression of a monitor URL's beginning, where the text ends with the URL."""
        self.start_quoted = rb"(?:%b)?%b(?=[/?#\"'\s>]|\Z)" % (origin, mount)
        """The same where the URL's end is marked by a quote, a space or a bracket."""
        self._start = re.compile(self.start)
        encoded = mount.replace(b"/", b"%2[Ff]")
        self._query_value = re.compile(
            rb"[?&;][^=&;?#\s]*=(?:(?P<plain>(?:%b)?%b)(?=[/?#&;]|\Z)|(?P<encoded>%b)(?=%%2[Ff]|%%3[Ff]|%%23|[&;#]|\Z))"
            % (origin, mount, encoded)
        )

    def url(self, text: bytes, start: int, end: int) -> list[Edit]:
        """Edits where ``text[start:end]``, spaces around it aside, is one URL reference."""
        while start < end and text[start] in _BLANK:
            start += 1
        while start < end and text[end - 1] in _BLANK:
            end -= 1
        begin = self._start.match(text, start, end)
        if begin:
            return [Edit(start, begin.end(), self.mount), *self.query(text, begin.end(), end)]
        if _FOREIGN.match(text, start, end):
            return []
        return self.query(text, start, end)

    def query(self, text: bytes, start: int, end: int) -> list[Edit]:
        """Edits of the monitor's URLs among the query values of ``text[start:end]``, the tail of a URL."""
        if text.find(self.core, start, end) < 0:
            return []
        return [self._value(match) for match in self._query_value.finditer(text, start, end)]

    def whole(self, text: bytes) -> list[Edit] | None:
        """Edits where all of `text` is a URL and nothing else, without a blank or a bracket; None where it is not."""
        if not text or _NOT_IN_URL.search(text):
            return self._without_mount(text)
        if text[:1] in b"/?#." or self._start.match(text):
            return self._without_mount(text) or self.url(text, 0, len(text))
        return None

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
        return Edit(*match.span("encoded"), self._encoded)


def _longest_word(path: str) -> bytes:
    words: list[str] = _WORD.findall(path)
    return max(words, key=len).encode()


def _spellings(mount: str) -> bytes:
    """The mount as a regular expression; browsers keep an escaped hyphen as it is."""
    return re.escape(mount).replace("\\-", "(?:-|%2[Dd])").encode()


def _origins(hosts: Iterable[str]) -> bytes:
    """``http://host`` or ``//host`` of `hosts`; a loopback name with any port, since it always is the monitor's own."""
    names = [re.escape(name if ":" not in name else f"[{name}]") + r"(?::[0-9]{1,5})?" for name in sorted(LOOPBACK)]
    names += [re.escape(host) for host in sorted(hosts)]
    return rf"(?:[Hh][Tt][Tt][Pp][Ss]?:)?//(?i:{'|'.join(names)})".encode()
