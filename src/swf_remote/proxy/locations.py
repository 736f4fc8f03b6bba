"""URLs in the monitor's header fields, as the reader needs them (RFC 9110 10.2.2, RFC 8288). Pure.

In headers every name of the monitor means itself, with whatever scheme, port or spelling, so absolute URLs are mapped,
too; in bodies they mean "inside the laboratory" (contract 3.5). What leads elsewhere stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote_from_bytes

from .headers import Field
from .page import PageContext
from .rewriting.edits import applied
from .rewriting.urls import UrlRules
from .sites import LOOPBACK, Sites

_URL_FIELDS = frozenset(b"location content-location sourcemap x-sourcemap service-worker-allowed".split())
_ORIGIN = re.compile(rb"(?i:https?:)?//(?:[^/?#@\\]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\\]*)(?::(?P<port>[0-9]*))?")
_LINK_URL = re.compile(rb"<(?P<target>[^<>]*)>|;\s*(?i:anchor)\s*=\s*\"(?P<anchor>[^\"]*)\"")
_REFRESH = re.compile(rb"\s*+[0-9.]*+\s*+[;,]\s*+(?:(?i:url)\s*+=\s*+)?+")
_QUOTES = (b'"', b"'")
_LOG_IN = b"/accounts/login"


def mapped(fields: list[Field], sites: Sites, page: PageContext) -> list[Field]:
    """`fields` with the monitor's URLs as ours; `page` says where to go on after a login."""
    locations = _locations(sites)
    return [(name, _value(name, value, locations, page)) for name, value in fields]


class _Locations:
    """The rules for one pair of sites."""

    def __init__(self, sites: Sites) -> None:
        self.rules = UrlRules(sites, hosts=sites.monitor_hosts)
        self._hosts = frozenset(_bare(host.encode()) for host in sites.monitor_hosts)
        self._dialled = frozenset(_bare(host.encode()) for host in sites.dialled_hosts | LOOPBACK)

    def url(self, value: bytes) -> bytes:
        """One URL reference."""
        origin = _ORIGIN.match(value)
        if origin is None:
            return self._mapped(value)
        path = value[origin.end() :]
        host = _bare(origin["host"])
        if host in self._hosts | self._dialled and self.rules.begin(path, 0, len(path)):
            return self._mapped(path)
        return self._mapped(path or b"/") if host in self._dialled else value

    def _mapped(self, value: bytes) -> bytes:
        return applied(value, 0, len(value), self.rules.url(value, 0, len(value)))


def _bare(host: bytes) -> bytes:
    """A host name without port and final dot, in lower case."""
    name = host.rpartition(b":")[0] if re.search(rb"[^:]:[0-9]+\Z|\]:[0-9]+\Z", host) else host
    return name.strip(b"[]").rstrip(b".").lower()


@lru_cache(maxsize=8)
def _locations(sites: Sites) -> _Locations:
    return _Locations(sites)


def _value(name: bytes, value: bytes, locations: _Locations, page: PageContext) -> bytes:
    if name == b"location":
        return _with_next(locations.url(value), locations.rules.mount, page)
    if name in _URL_FIELDS:
        return locations.url(value)
    if name == b"link":
        return _LINK_URL.sub(lambda found: _link(found, locations), value)
    if name == b"refresh" and (refresh := _REFRESH.match(value)):
        return refresh[0] + _quoted(value[refresh.end() :], locations)
    return value


def _quoted(url: bytes, locations: _Locations) -> bytes:
    """A URL that may stand in quotes; what follows the second one is no part of it."""
    quote = url[:1]
    if quote not in _QUOTES:
        return locations.url(url)
    within, end, rest = url[1:].partition(quote)
    return quote + locations.url(within) + end + rest


def _link(found: re.Match[bytes], locations: _Locations) -> bytes:
    group = "target" if found["target"] is not None else "anchor"
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    return found[0][:start] + locations.url(found[group]) + found[0][end:]


def _with_next(location: bytes, mount: bytes, page: PageContext) -> bytes:
    """A redirect to the login page says where to go on, even where the monitor left that out."""
    path, _, query = location.partition(b"?")
    if path.rstrip(b"/") != mount + _LOG_IN or b"next=" in query or not page.address:
        return location
    joint = b"&" if query else b"?"
    return b"%b%bnext=%b" % (location.rstrip(b"?&"), joint, quote_from_bytes(page.address).encode())
