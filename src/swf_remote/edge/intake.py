"""From the server's ASGI scope to the one that everything behind the edge reads.

Header names with other characters than letters, digits and hyphen vanish before anybody can take ``X_Remote_User`` for
``X-Remote-User``. Forwarding and identity headers are never passed inwards; what a trusted front proxy says in them
becomes the scope's client address and scheme.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from starlette.types import Scope

from swf_remote.edge.exchange import KEY, Exchange

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Headers = tuple[tuple[bytes, bytes], ...]

_NAME = re.compile(rb"[a-z0-9-]+")
_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{8,128}")
_ASSERTED = frozenset({b"forwarded", b"x-remote-user", b"x-real-ip", b"x-request-id", b"remote-user", b"x-client-ip"})


def cleaned(scope: Scope, proxies: Sequence[Network]) -> dict[str, Any]:
    """A copy of the scope with headers, client, scheme and exchange as the rest of the gateway may believe them."""
    given, entering = _read(tuple(scope["headers"]))
    trusted = bool(proxies) and is_trusted(_peer(scope), proxies)
    request_id = _request_id(given, trusted)
    result = dict(scope)
    result["headers"] = [*entering, (b"x-request-id", request_id.encode())]
    result["root_path"] = ""
    result["raw_path"] = scope.get("raw_path") or _raw(scope["path"])
    result[KEY] = Exchange(request_id)
    if trusted:
        result["client"] = (reader_address(_peer(scope), given, proxies), 0)
        result["scheme"] = _scheme(given, scope["scheme"])
    return result


def is_trusted(address: str, proxies: Iterable[Network]) -> bool:
    """Whether this address belongs to a front proxy of ours."""
    return _is_trusted(address, tuple(proxies))


# The same addresses come again and again.
@lru_cache(maxsize=1024)
def _is_trusted(address: str, proxies: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in proxies)


def reader_address(peer: str, headers: Sequence[tuple[bytes, bytes]], proxies: Sequence[Network]) -> str:
    """The nearest address in ``X-Forwarded-For`` that is not a front proxy: all left of it may be invented."""
    chain = [part.strip() for part in b",".join(_values(headers, b"x-forwarded-for")).decode("latin-1").split(",")]
    nearest = peer
    for address in reversed([part for part in chain if part]):
        if not is_trusted(nearest, proxies):
            return nearest
        if not _is_address(address):
            return nearest
        nearest = address
    return nearest


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header, as text; empty when it is missing."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


@lru_cache(maxsize=512)
def _read(fields: Headers) -> tuple[Headers, Headers]:
    """The fields with names in lower case: all of them, and those that may be believed inside."""
    given = tuple([(name.lower(), value) for name, value in fields])
    return given, tuple([field for field in given if _may_enter(field[0])])


def _may_enter(name: bytes) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in _ASSERTED and not name.startswith(b"x-forwarded-")


def _values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _request_id(headers: Headers, trusted: bool) -> str:
    given = _values(headers, b"x-request-id") if trusted else []
    if len(given) == 1 and _SAFE_ID.fullmatch(given[0]):
        return given[0].decode()
    return secrets.token_hex(8)


def _scheme(headers: Headers, otherwise: str) -> str:
    given = _values(headers, b"x-forwarded-proto")
    said = given[0].decode("latin-1").strip().lower() if len(given) == 1 else ""
    return said if said in ("http", "https") else otherwise


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _raw(path: str) -> bytes:

    return quote(path, safe="/:@!$&'()*+,;=~-._").encode()
