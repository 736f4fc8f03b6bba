"""A reader's request as the monitor gets it: same target byte for byte, headers by a list, identity from us alone.

Pure. What is not on the list does not pass: no cookie, no ``Authorization``, nothing of ``Forwarded`` (contract 1.2:
it would cost the tunnel its trust), and ``X-Remote-User`` only as the caller states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .headers import Field, clean
from .page import ANONYMOUS, PageContext
from .routes import Identity, Kind, Route
from .sites import Sites
from .validators import theirs

_PASSED = frozenset(
    b"accept accept-language user-agent cache-control content-type content-length last-event-id traceparent "
    b"x-request-id x-requested-with x-fragment".split()
)
_LISTS = frozenset(b"accept accept-language cache-control accept-encoding if-none-match if-match".split())
# Where bodies are not rewritten, they are the monitor's own: ranges, encodings and conditions mean the same to both.
_AS_IT_IS = frozenset(
    b"accept-encoding range if-range if-match if-none-match if-modified-since if-unmodified-since".split()
)
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
    fields = [(b"host", host.encode()), *_passed(list(headers), route, page), *_identity(route, remote_user)]
    return UpstreamRequest(
        method="GET" if method == "HEAD" and route.head_as_get else method,
        target=_target(raw_path, query, route, sites),
        headers=tuple((name.decode(), value.decode("latin-1")) for name, value in fields),
    )


def _target(raw_path: bytes, query: bytes, route: Route, sites: Sites) -> str:
    below = b"/" + route.shows.encode() if route.shows else raw_path[len(sites.mount) :]
    target = sites.monitor_mount.encode() + (below or b"/") + (b"?" + query if query else b"")
    return _NEEDS_ESCAPE.sub(lambda byte: b"%%%02X" % ord(byte[0]), target).decode()


def _passed(headers: list[Field], route: Route, page: PageContext) -> list[Field]:
    """The reader's fields that reach the monitor, each name once."""
    names = _PASSED | _AS_IT_IS if route.passes_parts else _PASSED
    fields = _joined((name, value) for name, value in clean(headers) if name in names)
    if not route.passes_parts:
        fields[b"accept-encoding"] = b"identity"
        fields.update(_conditions(headers, route, page))
    return list(fields.items())


def _joined(fields: Iterable[Field]) -> dict[bytes, bytes]:
    """Repeated lists put together; of any other repeated field the first counts."""
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name not in found:
            found[name] = value
        elif name in _LISTS:
            found[name] += b", " + value
    return found


def _conditions(headers: list[Field], route: Route, page: PageContext) -> dict[bytes, bytes]:
    """Conditions about a rewritten body, as far as the monitor can judge them.

    A page changes with its reader, whom the monitor's dates know nothing of: only files are asked for by date.
    """
    asked = _joined(clean(headers))
    conditions: dict[bytes, bytes] = {}
    if b"if-none-match" in asked:
        conditions[b"if-none-match"] = theirs(asked[b"if-none-match"], page.variant)
    elif route.kind is Kind.STATIC and b"if-modified-since" in asked:
        conditions[b"if-modified-since"] = asked[b"if-modified-since"]
    return conditions


def _identity(route: Route, remote_user: str | None) -> list[Field]:
    if route.identity is Identity.NONE or remote_user is None:
        return []
    if not _USER.fullmatch(remote_user):
        raise ValueError("not a user name that may be asserted to the monitor")
    return [(b"x-remote-user", remote_user.encode())]
