"""What both directions know of header fields (RFC 9110 5, 7.6.1): names, lists, hop-by-hop ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

Field = tuple[bytes, bytes]

_NAME = re.compile(rb"[A-Za-z0-9-]+")
_UNSAFE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LISTS = frozenset(
    b"accept accept-language age cache-control accept-encoding content-encoding if-none-match if-match vary".split()
)
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)


def clean(fields: Iterable[Field]) -> list[Field]:
    """`fields` that may pass a hop: lower-case names of letters, digits and hyphens, values without control characters.

    Hop-by-hop fields are gone, and those that ``Connection`` names. A name with an underscore is gone too: behind
    some servers ``X_Remote_User`` is read as ``X-Remote-User``.
    """
    lowered = [(name.lower(), value.strip(b" \t")) for name, value in fields]
    dropped = HOP_BY_HOP | _named_in_connection(lowered)
    return [
        (name, value)
        for name, value in lowered
        if name not in dropped and _NAME.fullmatch(name) and not _UNSAFE.search(value)
    ]


def joined(fields: Iterable[Field]) -> dict[bytes, bytes]:
    """`fields` by name: repeated lists put together, of any other repeated field the first (RFC 9110 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name not in found:
            found[name] = value
        elif name in _LISTS:
            found[name] += b", " + value
    return found


def listed(value: bytes) -> list[bytes]:
    """The members of a comma-separated list without quoted commas."""
    return [member.strip(b" \t") for member in value.split(b",") if member.strip(b" \t")]


def _named_in_connection(fields: Iterable[Field]) -> set[bytes]:
    return {member.lower() for name, value in fields if name == b"connection" for member in listed(value)}
