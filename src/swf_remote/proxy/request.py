"""A reader's request as the monitor gets it: same target byte for byte, headers by a list, identity from us alone.

Pure. What is not on the list does not pass: no cookie, no ``Authorization``, nothing of ``Forwarded`` (contract 1.2:
it would cost the tunnel its trust), and ``X-Remote-User`` only as the caller states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .coding.negotiation import IDENTITY, OURS, Accepted
from .headers import Field, clean, joined
from .page import ANONYMOUS, PageContext
from .policy.routes import SAFE_METHODS, Identity, Kind, Rewriting, Route
from .sites import Sites
from .validators import theirs

_PASSED = frozenset(
    b"accept accept-language user-agent cache-control last-event-id traceparent x-request-id x-requested-with "
    b"x-fragment".split()
)
_OF_A_BODY = frozenset({b"content-type", b"content-length"})
_PARTS = frozenset({b"range", b"if-range"})
_TAGS = frozenset({b"if-match", b"if-none-match"})
_DATES = frozenset({b"if-modified-since", b"if-unmodified-since"})
_CONDITIONAL = _PARTS | _TAGS | _DATES
_CONDITIONAL_TEXTS = frozenset(name.decode() for name in _CONDITIONAL)
_NOT_FOR_KEEPING = _CONDITIONAL_TEXTS | {"accept-encoding"}
_OURS = b", ".join(OURS).decode()
_OF_TRACES = frozenset({"traceparent", "tracestate"})
_USER = re.compile(r"[a-z0-9._-]{1,30}")
_NEEDS_ESCAPE = re.compile(rb"[\x00-\x20\x7f-\xff]")


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """What is sent to the monitor."""

    method: str
    """Request method; GET for a HEAD where the monitor knows no HEAD: the caller then leaves the body."""
    target: str
    """Raw path and query below the monitor's mount."""
    headers: Sequence[tuple[str, str]]
    """Header lines, ``Host`` first."""

    def whole(self) -> UpstreamRequest:
        """The same request for all of the body, under no condition."""
        kept = tuple(line for line in self.headers if line[0] not in _CONDITIONAL_TEXTS)
        return replace(self, headers=kept)

    def for_keeping(self) -> UpstreamRequest:
        """The same question for all of the body, in any coding that can be undone, be its reader content with less."""
        others = [line for line in self.headers if line[0] not in _NOT_FOR_KEEPING]
        return UpstreamRequest("GET", self.target, (*others, ("accept-encoding", _OURS)))

    def within_trace(self, traceparent: str) -> UpstreamRequest:
        """The same request as part of a trace of ours; the reader's own place in one would be wrong now."""
        others = tuple(line for line in self.headers if line[0] not in _OF_TRACES)
        return replace(self, headers=(*others, ("traceparent", traceparent)))

    def of_length(self, length: int) -> UpstreamRequest:
        """The same request with a body of `length` bytes."""
        others = tuple(line for line in self.headers if line[0] != "content-length")
        return replace(self, headers=(*others, ("content-length", str(length))))


def upstream_request(
    method: str,
    raw_path: bytes,
    query: bytes,
    headers: Iterable[Field],
    *,
    route: Route,
    sites: Sites,
    remote_user: str | None,
    host: str,
    page: PageContext = ANONYMOUS,
) -> UpstreamRequest:
    """The monitor's request for a reader's one that `route` lets through.

    Args:
        raw_path: the path as it came, below our mount; ``paths.normalise`` has accepted it.
        query: the query as it came, without its question mark.
        remote_user: the reader's name if the monitor knows it; sent only where the row asks for it.
        host: the monitor's name.
        page: the reader's view, so that conditions about rewritten pages can be asked truly.

    Raises:
        ValueError: `remote_user` is no name that the gateway gives out (contract 10, quirk 25).
    """
    passed = _passed(joined(clean(headers)), method, route, page)
    fields = [(b"host", host.encode()), *passed, *_identity(route, remote_user)]
    return UpstreamRequest(
        method="GET" if method == "HEAD" and route.head_as_get else method,
        target=monitor_target(raw_path, query, route, sites),
        headers=tuple((name.decode(), value.decode("latin-1")) for name, value in fields),
    )


def monitor_target(raw_path: bytes, query: bytes, route: Route, sites: Sites) -> str:
    """Raw path and query at the monitor."""
    below = b"/" + route.shows.encode() if route.shows else raw_path[len(sites.mount) :]
    target = sites.monitor_mount.encode() + (below or b"/") + (b"?" + query if query else b"")
    return _NEEDS_ESCAPE.sub(lambda byte: b"%%%02X" % ord(byte[0]), target).decode()


def _passed(asked: Mapping[bytes, bytes], method: str, route: Route, page: PageContext) -> list[Field]:
    """The reader's fields that reach the monitor, each name once.

    The body of a method that changes nothing does not pass, so neither does its length: a length without the body
    would swallow the next request on the connection.
    """
    names = _PASSED if method in SAFE_METHODS else _PASSED | _OF_A_BODY
    fields = {name: value for name, value in asked.items() if name in names or route.passes(name.decode())}
    fields |= _conditions(asked, route, page)
    fields[b"accept-encoding"] = _codings(asked, route)
    return list(fields.items())


def _codings(asked: Mapping[bytes, bytes], route: Route) -> bytes:
    """What the monitor may encode its body in.

    Where bodies are rewritten, what we can undo. Where they pass, what the reader takes; a part is a part of the
    encoded body, so with files that may have to be decoded parts are asked for plain. Event streams are never encoded.
    """
    if route.kind is Kind.STREAM:
        return IDENTITY
    if route.rewriting is Rewriting.NONE:
        return asked.get(b"accept-encoding", IDENTITY)
    if not route.passes_parts:
        return b", ".join(OURS)
    return IDENTITY if b"range" in asked else Accepted(asked.get(b"accept-encoding")).undone()


def _conditions(asked: Mapping[bytes, bytes], route: Route, page: PageContext) -> dict[bytes, bytes]:
    """The reader's conditions as the monitor can judge them.

    Where nothing is rewritten they pass. Else entity tags are mapped; parts are asked for only where files may pass
    unchanged; and a page changes with its reader, whom the monitor's dates know nothing of: only files are asked for
    by ``If-Modified-Since``. ``If-Range`` is never mapped: a rewritten body has no parts.
    """
    if route.kind is Kind.STREAM:
        return {}
    if route.rewriting is Rewriting.NONE:
        return {name: value for name, value in asked.items() if name in _CONDITIONAL}
    names = _TAGS | {b"if-unmodified-since"}
    if route.kind is Kind.STATIC:
        names |= {b"if-modified-since"}
    if route.passes_parts:
        names |= _PARTS
    found = {name: value for name, value in asked.items() if name in names}
    return {name: theirs(value, page.variant) if name in _TAGS else value for name, value in found.items()}


def _identity(route: Route, remote_user: str | None) -> list[Field]:
    if route.identity is Identity.NONE or remote_user is None:
        return []
    if not _USER.fullmatch(remote_user):
        raise ValueError("not a user name that may be asserted to the monitor")
    return [(b"x-remote-user", remote_user.encode())]
