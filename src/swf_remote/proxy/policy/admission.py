"""Who may do what: the exposure table's word applied to one request and its reader.

The gateway is the monitor's only guard (contract 1.2): a request without a name runs there under an account that may
write. So a write goes out only under a name that the monitor knows, and only from a page of this site.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from swf_remote.accounts.readers import Reader, reader_of
from swf_remote.edge.origin import same_origin
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.proxy.policy import refusals
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import Refusal, RefusedPath
from swf_remote.proxy.policy.routes import SAFE_METHODS, Access, Decision, Identity, Kind, Route, decide
from swf_remote.proxy.policy.url_parameter import fault_in
from swf_remote.web import not_exposed

Headers = Sequence[tuple[bytes, bytes]]
LookUp = Callable[..., Awaitable[Reader | None]]

USER_NAME = re.compile(r"[a-z0-9._-]{1,30}")
# Of an address that is only shown: what RFC 3986 lets stand, and escapes as they came.
_AS_IT_STANDS = "/?%&=+;:@!$'()*,~"
UNCHANGED = "Nothing was changed."
NAMELESS = Problem(
    403,
    "unknown-at-monitor",
    "The monitor does not know your account",
    "Changes are made under your own name there. Ask an operator of this gateway to connect your account.",
    outcome=UNCHANGED,
)


class LoginNeeded(Exception):  # noqa: N818 - no error: the reader is sent to the log-in page
    """The route needs a signed-in reader and there is none."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that may go to the monitor."""

    route: Route
    writes: bool
    reader: Reader | None
    remote_user: str | None
    """The name the monitor hears, if any."""


async def admit(
    method: str,
    raw_path: bytes,
    headers: Headers,
    *,
    mount: str,
    public_url: str,
    query: bytes = b"",
    look_up: LookUp = reader_of,
) -> Admission:
    """Let the request through, or say why not.

    Args:
        headers: names in lower case.
        query: as it came, without its question mark.

    Raises:
        ProblemError: it is refused.
        LoginNeeded: it would be let through for a signed-in reader.
    """
    decision = _decision(method, raw_path, query, mount)
    route = decision.route
    if route is None:
        refusal = decision.refusal or refusals.UNKNOWN
        inside = _inside(raw_path, query, mount) if refusal.inside else None
        raise ProblemError(_problem(refusal, decision.allowed, inside=inside))
    by_name = decision.writes and not (route.anonymous_writes and route.writes(method))
    if by_name:
        _check_origin(method, headers, public_url)
    if route.url_within and (fault := fault_in(query, route.url_within)):
        raise ProblemError(replace(_problem(refusals.TEXT_ADDRESS), detail=fault))
    needed = by_name or needs_reader(route)
    reader = await look_up(cookies_of(headers), fresh=by_name) if needed else None
    _check_access(route, reader, writes=decision.writes)
    remote_user = _name_for(route, reader, writes=decision.writes)
    if by_name and remote_user is None:
        raise ProblemError(NAMELESS)
    return Admission(route, decision.writes, reader, remote_user)


def open_row(method: str, raw_path: bytes, mount: str, query: bytes) -> Route | None:
    """The row under which anybody may read this and nothing of the request but its address has to be looked at."""
    try:
        decision = _decision(method, raw_path, query, mount)
    except ProblemError:
        return None
    route = decision.route
    if route is None or decision.writes or route.access is not Access.PUBLIC or route.url_within:
        return None
    return route


def admitted_read(route: Route, reader: Reader | None) -> Admission:
    """The admission of this reader to what ``open_row`` has found."""
    reader = reader if needs_reader(route) else None
    return Admission(route, False, reader, _name_for(route, reader, writes=False))


def _decision(method: str, raw_path: bytes, query: bytes, mount: str) -> Decision:
    try:
        return decide(method, normalise(raw_path, mount), query)
    except RefusedPath as error:
        raise ProblemError(_problem(error.refusal)) from None


def _inside(raw_path: bytes, query: bytes, mount: str) -> str | None:
    """The same address inside the laboratory."""
    below = raw_path[len(mount) + 1 :] + (b"?" + query if query else b"")
    return not_exposed.inside_url(quote(below, safe=_AS_IT_STANDS))


def _check_origin(method: str, headers: Headers, public_url: str) -> None:
    """A write is sent by a page of ours: forms, scripts' ``fetch`` and ``sendBeacon`` all say so (``edge.origin``)."""
    if same_origin(headers, _value(headers, b"host"), public_url or None):
        return
    typed = method in SAFE_METHODS and _value(headers, b"sec-fetch-site").strip() == "none"
    raise ProblemError(_problem(refusals.TYPED_ADDRESS if typed else refusals.CROSS_ORIGIN, writes=True))


def _name_for(route: Route, reader: Reader | None, *, writes: bool) -> str | None:
    """The name to assert: a name that the monitor does not know, or knows in another spelling, would be created.

    A staff name opens the monitor's administration (contract 1.2), so mere looking at pages never sends one.
    """
    if reader is None or not reader.known_at_monitor or route.identity is Identity.NONE:
        return None
    if reader.is_staff and route.kind is Kind.PAGE and not writes:
        return None
    return reader.username if USER_NAME.fullmatch(reader.username) else None


def needs_reader(route: Route) -> bool:
    """Pages name the reader in their account corner; shared data and files are the same for everybody."""
    return route.access is not Access.PUBLIC or route.identity is Identity.READER or route.kind is Kind.PAGE


def _check_access(route: Route, reader: Reader | None, *, writes: bool) -> None:
    if route.access is Access.PUBLIC:
        return
    if reader is None:
        raise LoginNeeded
    if route.access is Access.STAFF and not reader.is_staff:
        raise ProblemError(_problem(refusals.STAFF_ONLY, writes=writes))


def login_problem(*, writes: bool) -> Problem:
    """The answer to programs and scripts where people are sent to the log-in page."""
    return _problem(refusals.LOGIN_REQUIRED, writes=writes)


def _problem(
    refusal: Refusal, allowed: tuple[str, ...] = (), *, writes: bool = False, inside: str | None = None
) -> Problem:
    if refusal is refusals.NOT_EXPOSED:
        return not_exposed.problem(inside)
    return Problem(
        refusal.status,
        refusal.kind,
        refusal.title,
        refusal.detail,
        outcome=UNCHANGED if writes else None,
        allow=allowed,
        inside=inside,
    )


def cookies_of(headers: Headers) -> str | None:
    """The ``Cookie`` header as ``reader_of`` reads it."""
    # HTTP/2 may bring one line per cookie (RFC 9113 8.2.3).
    lines = [value.decode("latin-1") for name, value in headers if name == b"cookie"]
    return "; ".join(lines) or None


def _value(headers: Headers, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")
