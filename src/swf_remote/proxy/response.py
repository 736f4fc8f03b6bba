"""The monitor's answer as the reader gets it: true headers for the body that is really sent. Pure.

Nothing of the monitor's transport, cookies, challenges or addresses passes; URLs in headers are mapped like those in
pages; whatever describes bytes that rewriting changes is dropped or made ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote_from_bytes

from .headers import Field, clean
from .page import PageContext
from .rewriting import Rewriter, is_rewritten, language_of, rewriter_for
from .rewriting.edits import applied
from .rewriting.nested import Language
from .rewriting.urls import UrlRules
from .routes import Identity, Route
from .sites import Sites
from .validators import ours

# Cookies, challenges and words about the monitor's own server are between the monitor and us.
_NEVER = frozenset(
    b"set-cookie set-cookie2 server x-powered-by alt-svc strict-transport-security public-key-pins clear-site-data "
    b"www-authenticate authentication-info proxy-authentication-info nel report-to reporting-endpoints "
    b"x-accel-redirect x-sendfile x-lighttpd-send-file x-remote-user x-robots-tag "
    b"access-control-allow-origin access-control-allow-credentials access-control-allow-headers "
    b"access-control-allow-methods access-control-expose-headers access-control-max-age".split()
)
# True of the monitor's bytes only.
_OF_THE_BYTES = frozenset(
    b"content-length content-encoding content-md5 digest content-digest repr-digest accept-ranges content-range".split()
)
_SINGLE = frozenset(
    b"x-frame-options x-content-type-options x-xss-protection referrer-policy cross-origin-opener-policy "
    b"content-type content-length etag last-modified location".split()
)
_URL_HEADERS = frozenset(b"location content-location sourcemap x-sourcemap service-worker-allowed".split())
_LINK_TARGET = re.compile(rb"<([^<>]*)>")
_REFRESH = re.compile(rb"\s*[0-9.]*\s*[;,]\s*(?:[Uu][Rr][Ll]\s*=\s*)?[\"']?")
_BODILESS = frozenset({204, 205, 304})


class BrokenAnswer(ValueError):  # noqa: N818 - named for what it says
    """The monitor's answer cannot be passed on truly."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of the reader's answer, and what the body has to go through."""

    status: int
    headers: list[Field]
    """Lower-case names."""
    rewriter: Rewriter | None
    """None: the body passes as it is. It may raise ``BrokenBody``, then the reader's connection has to break."""


def reader_answer(
    status: int,
    raw_headers: Sequence[Field],
    *,
    request_method: str,
    route: Route,
    sites: Sites,
    page: PageContext,
) -> Answer:
    """The reader's answer for the monitor's one with `status` and `raw_headers` (as received, repeats included).

    Args:
        request_method: the reader's method, which may be HEAD where the monitor was asked by GET.

    Raises:
        BrokenAnswer: a part (206) of a body that would have to be rewritten; none was asked for.
    """
    fields = [field for field in clean(raw_headers) if field[0] not in _NEVER]
    received = dict(reversed(fields))
    content_type, encoding = received.get(b"content-type", b""), received.get(b"content-encoding", b"")
    changes = route.rewrites and is_rewritten(content_type, encoding)
    if changes and status == 206:
        raise BrokenAnswer("a part of a body that has to be rewritten as a whole")
    fields = _mapped(_once(fields), sites, page)
    if changes or (route.rewrites and status == 304):
        fields = _of_rewritten(fields, content_type, page)
    bodiless = request_method == "HEAD" or status in _BODILESS
    rewriter = rewriter_for(content_type, sites, page, encoding) if changes and not bodiless else None
    return Answer(status, _completed(fields, status, route), rewriter)


def _once(fields: list[Field]) -> list[Field]:
    """`fields` with each single-valued one once: Apache and Django both send some of them (contract 1.4)."""
    seen: set[bytes] = set()
    kept = []
    for name, value in fields:
        if name not in seen:
            kept.append((name, value))
        if name in _SINGLE:
            seen.add(name)
    return kept


def _mapped(fields: list[Field], sites: Sites, page: PageContext) -> list[Field]:
    rules = _header_rules(sites)
    return [(name, _mapped_value(name, value, rules, page)) for name, value in fields]


def _mapped_value(name: bytes, value: bytes, rules: UrlRules, page: PageContext) -> bytes:
    if name == b"location":
        return _with_next(rules.without_origin(_url(rules, value)), rules, page)
    if name in _URL_HEADERS:
        return _url(rules, value)
    if name == b"link":
        return _LINK_TARGET.sub(lambda target: b"<%b>" % _url(rules, target[1]), value)
    if name == b"refresh":
        refresh = _REFRESH.match(value)
        return value[: refresh.end()] + _url(rules, value[refresh.end() :]) if refresh else value
    return value


def _url(rules: UrlRules, value: bytes) -> bytes:
    return applied(value, 0, len(value), rules.url(value, 0, len(value)))


def _with_next(location: bytes, rules: UrlRules, page: PageContext) -> bytes:
    """A redirect to the login page says where to go on, even where the monitor left that out."""
    path, _, query = location.partition(b"?")
    if path != rules.mount + b"/accounts/login/" or b"next=" in query or not page.address:
        return location
    return b"%b?next=%b" % (location.rstrip(b"?&"), quote_from_bytes(page.address).encode())


def _of_rewritten(fields: list[Field], content_type: bytes, page: PageContext) -> list[Field]:
    """`fields` as they are true of the rewritten body."""
    is_page = language_of(content_type) is Language.HTML
    dropped = _OF_THE_BYTES | ({b"last-modified"} if is_page else set())
    kept = [_ours(field, page) for field in fields if field[0] not in dropped]
    return _varying(kept) if is_page else kept


def _ours(field: Field, page: PageContext) -> Field:
    if field[0] != b"etag":
        return field
    return (b"etag", ours(field[1], page.variant) or b"")


def _varying(fields: list[Field]) -> list[Field]:
    """A page carries its reader's account corner, so it varies with the cookie."""
    varies = b",".join(value for name, value in fields if name == b"vary").lower()
    return fields if b"cookie" in varies or b"*" in varies else [*fields, (b"vary", b"Cookie")]


def _completed(fields: list[Field], status: int, route: Route) -> list[Field]:
    kept = [field for field in fields if field[1] and not (status == 204 and field[0] == b"content-length")]
    kept.append((b"x-robots-tag", b"noindex"))
    if route.identity is Identity.READER and not any(name == b"cache-control" for name, _ in kept):
        kept.append((b"cache-control", b"private"))
    return kept


@lru_cache(maxsize=8)
def _header_rules(sites: Sites) -> UrlRules:
    """In headers every name of the monitor means itself, so absolute URLs are mapped, too."""
    return UrlRules(sites, hosts=sites.monitor_hosts)
